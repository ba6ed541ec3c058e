// What newlib asks of a system, for a program that only prints and exits.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "semihost.h"

// The heap holds stdio's buffers; generated code has none. Bounds: sections.ld.
extern char __heap_start[], __heap_end[];

void* _sbrk(ptrdiff_t bytes);
int _write(int file, const char* text, int size);
int _read(int file, char* text, int size);
int _close(int file);
int _fstat(int file, struct stat* result);
int _isatty(int file);
long _lseek(int file, long offset, int whence);
int _kill(int process, int signal);
int _getpid(void);
__attribute__((noreturn)) void _exit(int code);

void* _sbrk(ptrdiff_t bytes) {
  static char* top = __heap_start;
  if (bytes > __heap_end - top) {
    errno = ENOMEM;
    return (void*)-1;
  }
  top += bytes;
  return top - bytes;
}

int _write(int file, const char* text, int size) {
  (void)file;
  semihost_write(text, (size_t)size);
  return size;
}

int _read(int file, char* text, int size) {
  (void)file, (void)text, (void)size;
  return 0;
}

int _close(int file) {
  (void)file;
  return -1;
}

int _fstat(int file, struct stat* result) {
  (void)file;
  result->st_mode = S_IFCHR;
  return 0;
}

// A terminal, so that stdout is flushed at the end of each line: a fault later loses nothing.
int _isatty(int file) {
  (void)file;
  return 1;
}

long _lseek(int file, long offset, int whence) {
  (void)file, (void)offset, (void)whence;
  return 0;
}

// abort() comes here.
int _kill(int process, int signal) {
  (void)process;
  semihost_fault((unsigned long)signal, 0);
}

int _getpid(void) {
  return 1;
}

void _exit(int code) {
  semihost_exit(code);
}
