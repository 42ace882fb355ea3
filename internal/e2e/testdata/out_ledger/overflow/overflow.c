#include <stdlib.h>

int write_behind(char *text, size_t size)
{
    volatile char *memory = malloc(10);

    (void) text;
    (void) size;
    memory[10] = 'x';
    free((void *) memory);
    return 0;
}
