// In CANN, the tiling structs of the high-level API. Here there are none.
#pragma once

#include "../kernel_operator.h"
