// What every user's file pulls in.

#include "troupe/troupe.h"
