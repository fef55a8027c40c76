// What an AscendC vector kernel includes. Here: the host emulation of the API subset for the vector cores of arch 2201
// (see README.md); with CANN, the header of the same name in its own include directory.
#pragma once

#include "api/arithmetic.h"
#include "api/atomic.h"
#include "api/cache.h"
#include "api/cast.h"
#include "api/compare.h"
#include "api/control.h"
#include "api/copy.h"
#include "api/extreme.h"
#include "api/gather.h"
#include "api/mask.h"
#include "api/math.h"
#include "api/numbers.h"
#include "api/pipe.h"
#include "api/qualifiers.h"
#include "api/queue.h"
#include "api/reduce.h"
#include "api/refused.h"
#include "api/shuffle.h"
#include "api/sync.h"
#include "api/tensor.h"
