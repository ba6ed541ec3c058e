// Classifies the images in images.h with the generated network and compares with what onnxruntime said
// about them. C99; prints integers only, so it needs no floating-point printf on a microcontroller.
// Exit code: 0 if every image got onnxruntime's class and score, else 1.
#include <stdio.h>
#include <stdlib.h>

#include "fashion.h"
#include "images.h"

static const char* const kClasses[FASHION_SCORES_COUNT] = {
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"};

// All memory that the network needs. It may be shared with anything that is not alive during the call.
static unsigned char arena[FASHION_ARENA_BYTES] __attribute__((aligned(FASHION_ARENA_ALIGN)));
static float image[FASHION_IMAGE_COUNT];
static float scores[FASHION_SCORES_COUNT];

static int best_class(void) {
  int best = 0;
  for (int i = 1; i < FASHION_SCORES_COUNT; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

// Scores are probabilities, 0 to 1.
static int thousandths(float score) {
  return (int)(score * 1000.0f + 0.5f);
}

static int classify(const FashionImage* sample) {
  for (int i = 0; i < FASHION_IMAGE_COUNT; ++i) image[i] = (float)sample->pixels[i] / 255.0f;
  fashion_run(arena, image, scores);
  return best_class();
}

// Other orders of summation differ from onnxruntime in the last bits, which may tip a rounding. The int8 model is
// compared with the float model's scores, too; there CMake allows more.
#ifndef SCORE_SLACK
#define SCORE_SLACK 1
#endif
static int agrees(const FashionImage* sample, int found) {
  return found == sample->reference_class &&
         abs(thousandths(scores[found]) - (int)sample->reference_score) <= SCORE_SLACK;
}

int main(void) {
  int agreed = 0;
  for (int i = 0; i < kImageCount; ++i) {
    const FashionImage* sample = &kImages[i];
    const int found = classify(sample);
    const int same = agrees(sample, found);
    printf("image %3d  shows %-8s  looks like %-8s  sure to %4d/1000%s\n", (int)sample->index,
           kClasses[sample->label], kClasses[found], thousandths(scores[found]),
           same ? "" : "  not what onnxruntime says");
    agreed += same;
  }
  printf("fashion: %d of %d as onnxruntime, arena %ld bytes\n", agreed, (int)kImageCount,
         (long)FASHION_ARENA_BYTES);
  return agreed == kImageCount ? EXIT_SUCCESS : EXIT_FAILURE;
}
