// What picolibc asks of a system, for a program that only prints and exits.
#include <stdio.h>
#include <unistd.h>

#include "semihost.h"

static int put_char(char c, FILE* file) {
  (void)file;
  semihost_write(&c, 1);
  return (unsigned char)c;
}

static FILE console = FDEV_SETUP_STREAM(put_char, NULL, NULL, _FDEV_SETUP_WRITE);
FILE* const stdout = &console;
FILE* const stderr = &console;

void _exit(int code) {
  semihost_exit(code);
}
