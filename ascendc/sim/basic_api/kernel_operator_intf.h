// Beside kernel_operator.h in CANN; kernels include it by this path.
#pragma once

#include "../kernel_operator.h"
