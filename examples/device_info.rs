//! What the first device of this machine is, or why there is none.
//!
//! ```sh
//! cargo run --features npu --example device_info
//! ```

use std::process::ExitCode;

use ascend_cache_loc::{Device, Result};

fn main() -> ExitCode {
    match show() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Result<()> {
    let count = Device::count()?;
    let device = Device::open(0)?;
    let info = device.info();
    println!("devices       {count}");
    println!("chip          {} ({})", info.soc, info.arch);
    println!("vector cores  {}", info.vector_cores);
    println!("CANN          {}", info.cann_version.as_deref().unwrap_or("unknown"));
    println!("kernels       {}", info.kernels.join(", "));
    device.new_stream()?.synchronize()
}
