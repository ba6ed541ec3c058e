#if defined(__AVR__)
#include <avr/pgmspace.h>
#define DOT_WEIGHTS_SECTION PROGMEM
#else
#define DOT_WEIGHTS_SECTION
#endif

extern const float dot_weights[16];
const float dot_weights[16] DOT_WEIGHTS_SECTION = {1.0f, -2.0f, 3.0f,  -4.0f, 5.0f,   -6.0f, 7.0f,   -8.0f,
                                                   0.5f, 0.25f, 0.75f, 1.5f,  -0.25f, -1.5f, -0.75f, -0.5f};
