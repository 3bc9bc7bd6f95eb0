#include "CProcessor.h"

#if defined(VEDETTE_X86_64_V3) && defined(__x86_64__)
#include <stdio.h>
#include <stdlib.h>

// Before main: its first instruction may already be one that an older processor does not know.
__attribute__((constructor)) static void vedette_check_processor(void) {
    __builtin_cpu_init();
    // Without lzcnt nothing would end the program: the old instruction of the same code counts differently.
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("lzcnt")) return;
    fputs("vedette: this build needs a processor of level x86-64-v3 (AVX2, BMI2, FMA; made since 2013 to 2015), and this one, "
          "or its virtual machine, has less; VEDETTE_ANY_PROCESSOR=1 in the environment of the build makes one that runs everywhere\n", stderr);
    _Exit(71);
}
#endif
