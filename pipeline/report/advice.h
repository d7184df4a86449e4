/* advice.h - what statuses mean and what a person can do about a reason. */
#ifndef AS_ADVICE_H
#define AS_ADVICE_H

#include "../status.h"

/* What a status means, one sentence without a full stop. */
const char *as_status_text(enum as_item_status status);

/* What to do about an item with this reason; "" where nothing needs doing. */
const char *as_reason_advice(uint16_t reason);

/* What a flag means; "" for a bit without a name. */
const char *as_flag_text(unsigned bit);

#endif
