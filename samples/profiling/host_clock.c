/* The monotonic clock of POSIX systems. */
#define _POSIX_C_SOURCE 199309L
#include <time.h>

#include "clock.h"

const char clock_unit[] = "ns";

bool clock_start(void) {
  struct timespec t;
  return clock_gettime(CLOCK_MONOTONIC, &t) == 0;
}

uint32_t clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint32_t)t.tv_sec * 1000000000u + (uint32_t)t.tv_nsec;
}
