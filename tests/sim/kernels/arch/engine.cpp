#define ASCENDC_SIM_ARCH dav_9999
#include "engine/run.cpp"
