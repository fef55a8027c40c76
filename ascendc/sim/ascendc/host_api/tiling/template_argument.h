// Lists of a kernel's template arguments, which CANN's host side reads. To the kernel they are nothing; what stands in
// the parentheses vanishes with them.
#pragma once

#define ASCENDC_TPL_ARGS_DECL(...)
#define ASCENDC_TPL_SEL(...)
