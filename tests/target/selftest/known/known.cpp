// All of this model is in its test main: it is there to check the counters.
#include "known.h"
