#include "container.h"
void as_container_warm(void)
{
}
