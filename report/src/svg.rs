//! Just enough of SVG: shapes and text on an opaque light panel, which is the same on a light page and on a dark one.

use std::fmt::{Display, Write as _};

/// Colours that are apart for every kind of colour vision (Okabe and Ito).
pub mod colour {
    /// Ours; the vector pipe.
    pub const BLUE: &str = "#0072b2";
    /// Others; copies out.
    pub const VERMILION: &str = "#d55e00";
    /// Copies in.
    pub const GREEN: &str = "#009e73";
    /// The scalar pipe.
    pub const ORANGE: &str = "#e69f00";
    /// A floor; axes and text.
    pub const INK: &str = "#3c3c3c";
    /// Lines of a grid.
    pub const GRID: &str = "#dddddd";
}

/// A picture being drawn, in pixels.
#[derive(Debug)]
pub struct Svg {
    text: String,
}

/// Where a text stands to its place.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

impl Svg {
    /// A panel of a size; what it shows, in words, for who cannot see it.
    #[must_use]
    pub fn new(width: f64, height: f64, shows: &str) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\">\n<title>{}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#ffffff\"/>\n",
            escaped(shows)
        );
        Self { text }
    }

    fn element(&mut self, element: impl Display) {
        writeln!(self.text, "{element}").expect("a string takes all");
    }

    /// A filled rectangle from its upper left corner on.
    pub fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
        self.element(format_args!(
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\"/>"
        ));
    }

    /// A line through points; dashed, where `dash` says how.
    pub fn line(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dash: Option<&str>) {
        let dash = dash.map_or(String::new(), |dash| format!(" stroke-dasharray=\"{dash}\""));
        self.element(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}/>",
            joined(points)
        ));
    }

    /// The area between points, seen through.
    pub fn band(&mut self, points: &[(f64, f64)], fill: &str) {
        self.element(format_args!("<polygon points=\"{}\" fill=\"{fill}\" fill-opacity=\"0.16\"/>", joined(points)));
    }

    /// A dot.
    pub fn dot(&mut self, (x, y): (f64, f64), fill: &str) {
        self.element(format_args!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"3.5\" fill=\"{fill}\"/>"));
    }

    /// A text on its base line.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, fill: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.element(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{}</text>",
            escaped(text)
        ));
    }

    /// The file.
    #[must_use]
    pub fn finish(self) -> String {
        self.text + "</svg>\n"
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
