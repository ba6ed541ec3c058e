// Console and exit for AVR under simavr. avr-libc brings the start-up code and the linker script.
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdio.h>
#include <stdlib.h>

enum { kExitFault = 99 };  // as in semihost.h

static int put_char(char c, FILE* file) {
  (void)file;
  while (!(UCSR0A & _BV(UDRE0))) {
  }
  UDR0 = (uint8_t)c;
  return 0;
}

static FILE console = FDEV_SETUP_STREAM(put_char, NULL, _FDEV_SETUP_WRITE);

// Runs right before main(): .init8 follows the set-up of stack, .data and .bss and falls through.
__attribute__((naked, used, section(".init8"))) void start_console(void) {
  UCSR0A = _BV(U2X0);
  UBRR0 = 0;  // the fastest, 2 Mbaud at 16 MHz
  UCSR0B = _BV(TXEN0);
  stdout = &console;
}

// Replaces avr-libc's, which spins for ever. simavr stops at a sleep that no interrupt can end and finds
// the exit code in GPIOR1.
void exit(int code) {
  while (!(UCSR0A & _BV(UDRE0))) {
  }
  GPIOR1 = (uint8_t)code;
  cli();
  for (;;) {
    sleep_enable();
    sleep_cpu();
  }
}

void abort(void) {
  puts("netsuke-fault: abort");
  exit(kExitFault);
}

ISR(BADISR_vect) {
  puts("netsuke-fault: interrupt without a handler");
  exit(kExitFault);
}
