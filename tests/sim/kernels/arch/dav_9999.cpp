#define ASCENDC_SIM_ARCH dav_9999
#include "both.h"
