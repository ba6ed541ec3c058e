// 262,144 floats that repeat 1, 2, -1, 0.5: a sum of 2.5 for every four.
#define TIMES2(...) __VA_ARGS__, __VA_ARGS__
#define TIMES8(...) TIMES2(__VA_ARGS__), TIMES2(__VA_ARGS__), TIMES2(__VA_ARGS__), TIMES2(__VA_ARGS__)
#define FOUR 1.0f, 2.0f, -1.0f, 0.5f

extern const float big_weights[262144];
const float big_weights[262144] = {TIMES8(TIMES8(TIMES8(TIMES8(TIMES8(FOUR))))),
                                   TIMES8(TIMES8(TIMES8(TIMES8(TIMES8(FOUR)))))};
