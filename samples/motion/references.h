// Made by train.py, not by hand: what onnxruntime says about the windows in windows.h, right or not.
#ifndef MOTION_REFERENCES_H
#define MOTION_REFERENCES_H

#include <stdint.h>

typedef struct {
  uint8_t best;    // the class with the highest score
  uint16_t score;  // that score, in thousandths
} MotionReference;

static const MotionReference kReferences[] = {{0, 797}, {1, 961}, {2, 840}, {2, 492}};

#endif  // MOTION_REFERENCES_H
