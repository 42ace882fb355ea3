#ifndef FLBGO_SIGNALS_H
#define FLBGO_SIGNALS_H

void flbgo_mend_signals(void);

#endif
