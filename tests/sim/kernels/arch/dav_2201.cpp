#include "both.h"
