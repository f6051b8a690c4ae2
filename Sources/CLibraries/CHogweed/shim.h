#pragma once
#include <nettle/chacha-poly1305.h>
#include <nettle/eddsa.h>
#include <nettle/memops.h>
#include <nettle/pbkdf2.h>
