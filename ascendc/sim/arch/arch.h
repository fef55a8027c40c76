// The arch whose vector cores a unit of compilation simulates: what differs between arches is in one header each, by the
// name that CANN's compiler has for it.
//
// One program can hold kernels of several: whatever is made of these headers is in an inline namespace of the arch's name,
// so that nothing of one arch is taken for another's. A kernel that is compiled for two of them needs the same for what it
// defines itself (build/kernels.rs).
#pragma once

// -DASCENDC_SIM_ARCH=dav_2201, say.
#ifndef ASCENDC_SIM_ARCH
#define ASCENDC_SIM_ARCH dav_2201
#endif

#define ASCENDC_SIM_TEXT_OF(text) #text
#define ASCENDC_SIM_TEXT(text) ASCENDC_SIM_TEXT_OF(text)
// clang-format off: a space more would be part of the name.
#include ASCENDC_SIM_TEXT(arch/ASCENDC_SIM_ARCH.h)
// clang-format on
