//! What is not covered, or what arch 2201 does not have, is refused when the kernel is compiled, by its name.

use std::process::Command;
use std::{env, fs, path::Path};

/// Compiles `kernels/refused/refused.cpp` once and looks for an error at each of its marked lines.
///
/// A marked line ends in `// REFUSED <text>`; the compiler's message about that line must hold the text, or one of
/// several between bars where compilers differ.
#[test]
fn by_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("kernels/refused/refused.cpp");
    // It may name a wrapper before the compiler.
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let compile = || {
        let mut words = compiler.split_whitespace();
        let mut command = Command::new(words.next().expect("a C++ compiler"));
        command.args(words);
        command
    };
    let version = compile().arg("--version").output().expect("a C++ compiler").stdout;
    let is_clang = String::from_utf8_lossy(&version).contains("clang");
    let output = compile()
        .args(["-std=c++17", "-fsyntax-only"])
        // clang stops after twenty errors otherwise
        .args(is_clang.then_some("-ferror-limit=0"))
        .arg("-I")
        .arg(root.join("../../ascendc/sim"))
        .arg(&source)
        .output()
        .expect("a C++ compiler");
    let messages = String::from_utf8_lossy(&output.stderr);
    let text = fs::read_to_string(&source).expect("the source");
    // An error together with what says where it comes from: in notes behind it, or before it, and then not
    // again for further errors from there.
    let is_error = |line: &str| line.contains(" error: ");
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for line in messages.lines().filter(|line| is_error(line) || line.contains("refused.cpp:")) {
        let starts = match groups.last() {
            None => true,
            Some(_) if is_error(line) => is_clang || line.contains("refused.cpp:"),
            Some(group) => !line.contains(" note: ") && group.iter().any(|line| is_error(line)),
        };
        if starts {
            groups.push(Vec::new());
        }
        groups.last_mut().expect("a group").push(line);
    }
    let (mut marked, mut wrong) = (0, Vec::new());
    for (index, line) in text.lines().enumerate() {
        let place = format!("refused.cpp:{}:", index + 1);
        let from_here = groups.iter().filter(|group| group.iter().any(|line| line.contains(&place)));
        let told: Vec<_> = from_here.flatten().filter(|line| is_error(line)).collect();
        if let Some((_, name)) = line.split_once("// REFUSED ") {
            marked += 1;
            if !name.split(" | ").any(|text| told.iter().any(|message| message.contains(text))) {
                wrong.push(format!("line {} ({name}) is not refused: {told:?}", index + 1));
            }
        } else if let Some(message) = told.iter().find(|message| message.contains(&place)) {
            wrong.push(format!("line {} should compile: {message}", index + 1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(marked > 100, "only {marked} lines are marked");
}
