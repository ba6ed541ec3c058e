/* A counter to measure layers with: processor cycles on a microcontroller (dwt.c), nanoseconds here (host_clock.c). */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Call once. Returns false if this machine has no such counter; clock_now() is then always 0. */
bool clock_start(void);

/* Ticks since some moment. It wraps; differences of less than 2^32 ticks are right. */
uint32_t clock_now(void);

extern const char clock_unit[];

#endif
