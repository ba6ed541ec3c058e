/* Where an inference spends its time, layer by layer, and how to give one up that takes too long.

   The model is compiled with --profile: clothes_run() calls clothes_layer_begin() and clothes_layer_end() around every
   layer. Those that come with it are weak and do nothing; the ones below take their place. */
#include <stdio.h>

#include "clock.h"
#include "clothes.h"

static const char* const names[CLOTHES_LAYERS] = CLOTHES_LAYER_NAMES;
static const uint32_t macs[CLOTHES_LAYERS] = CLOTHES_LAYER_MACS;

static struct {
  uint32_t entered, ticks;
} layers[CLOTHES_LAYERS];

static uint32_t entered_at;
static int last_layer = CLOTHES_LAYERS; /* give up before the layers behind this one */

bool clothes_layer_begin(int layer) {
  /* The place to feed a watchdog, too. */
  if (layer > last_layer) return false;
  ++layers[layer].entered;
  entered_at = clock_now();
  return true;
}

void clothes_layer_end(int layer) { layers[layer].ticks += clock_now() - entered_at; }

static void print_layers(void) {
  printf("%-34s %5s %10s %12s  %s\n", "layer", "times", "MACs", clock_unit, "for each MAC");
  for (int i = 0; i < CLOTHES_LAYERS; ++i) {
    printf("%-34s %5lu %10lu %12lu", names[i], (unsigned long)layers[i].entered, (unsigned long)macs[i],
           (unsigned long)layers[i].ticks);
    /* In hundredths: printf of many C libraries for microcontrollers has no %f. */
    const uint32_t hundredths = macs[i] ? (uint32_t)((uint64_t)layers[i].ticks * 100 / macs[i]) : 0;
    if (macs[i]) printf("  %lu.%02lu", (unsigned long)(hundredths / 100), (unsigned long)(hundredths % 100));
    printf("\n");
  }
}

int main(void) {
  static float image[CLOTHES_IMAGE_COUNT], scores[CLOTHES_SCORES_COUNT];
  static uint32_t arena[(CLOTHES_ARENA_BYTES + 3) / 4];
  for (int i = 0; i < CLOTHES_IMAGE_COUNT; ++i) image[i] = (float)(i % 28) / 28.0f;

  if (!clock_start()) printf("this machine counts no %s: all are 0\n", clock_unit);
  clothes_run(arena, image, scores);
  print_layers();

  /* Every layer was entered. Now only the first two are, and once more than before at most. */
  uint32_t before[CLOTHES_LAYERS];
  bool all = true;
  for (int i = 0; i < CLOTHES_LAYERS; ++i) {
    before[i] = layers[i].entered;
    all = all && before[i] > 0;
  }
  last_layer = 1;
  clothes_run(arena, image, scores);
  bool gave_up = true;
  for (int i = 2; i < CLOTHES_LAYERS; ++i) gave_up = gave_up && layers[i].entered == before[i];
  printf("%s; an inference that is given up after layer 1 %s\n", all ? "all layers ran" : "FAIL: a layer did not run",
         gave_up ? "ran no other" : "FAIL: went on");
  return all && gave_up ? 0 : 1;
}
