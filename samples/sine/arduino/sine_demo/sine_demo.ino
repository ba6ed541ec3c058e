// Breathes the on-board LED with a sine that a neural network computes, and prints it for the Serial Plotter.
//
// The network is made into an Arduino library; nothing has to be copied by hand:
//   netsuke compile samples/sine/model.onnx -o ~/Arduino/libraries/sine --name sine --target avr
// Then open this sketch, choose the board (an Uno has an ATmega328P) and upload.
#include <sine.h>

static const float kTwoPi = 6.2831853f;
static const int kSteps = 64;     // per period
static const int kPeriod = 2000;  // ms

// All memory that the network needs.
alignas(SINE_ARENA_ALIGN) static unsigned char arena[SINE_ARENA_BYTES];

void setup() {
  Serial.begin(115200);
  pinMode(LED_BUILTIN, OUTPUT);
}

void loop() {
  for (int k = 0; k < kSteps; ++k) {
    const float x = kTwoPi * static_cast<float>(k) / kSteps;
    float y = 0.0f;
    sine_run(arena, &x, &y);
    Serial.println(static_cast<int>(y * 1000.0f));  // thousandths
    // -1 .. 1 to 0 .. 255. On an Uno LED_BUILTIN has no PWM: there analogWrite() switches at the middle.
    analogWrite(LED_BUILTIN, static_cast<int>((y + 1.0f) * 127.5f));
    delay(kPeriod / kSteps);
  }
}
