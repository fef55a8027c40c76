//! The suite on the kernels' real sources, in the core simulation.

mod harness;
mod suite;

use harness::sim::Sim;
use suite::suite;

suite!(sim, Sim::default());
