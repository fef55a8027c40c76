//! How long the operations take by the cost model, on batches that serving sees, beside a floor and other people's
//! kernels under the same costs. No device is behind any number here.

pub mod chart;
pub mod cores;
pub mod floor;
pub mod measure;
pub mod row;
pub mod svg;
pub mod workload;
