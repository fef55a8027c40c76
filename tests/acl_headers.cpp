// The assertions of tests/acl_headers.sh, compiled against AscendCL's own headers.
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "acl/acl.h"

// Our declarations with our types, then again with the real ones.
namespace own {
#include ACL_API
}
#undef ASCEND_CACHE_LOC_ACL_API_H
#define ASCEND_CACHE_LOC_REAL_ACL_TYPES
#include ACL_API

#define SAME_FUNCTION(name) static_assert(std::is_same_v<decltype(AclApi::name), decltype(&::name)>, #name);
// Unqualified: some of them are macros.
#define SAME_VALUE(name) static_assert(own::ASCEND_CACHE_LOC_##name == static_cast<int64_t>(name), #name);
#include ASSERTIONS

// Each of our types stands for the real one in a call.
#define SAME_TYPE(name) static_assert(std::is_same_v<own::name, ::name>, #name);
SAME_TYPE(aclError)
SAME_TYPE(aclrtContext)
SAME_TYPE(aclrtStream)
SAME_TYPE(aclrtEvent)
SAME_TYPE(aclrtBinHandle)
SAME_TYPE(aclrtFuncHandle)
SAME_TYPE(aclmdlRI)
#define SAME_ENUM(name) static_assert(std::is_same_v<own::name, std::underlying_type_t<::name>>, #name);
SAME_ENUM(aclDeviceInfo)
SAME_ENUM(aclrtDevAttr)
SAME_ENUM(aclrtMemMallocPolicy)
SAME_ENUM(aclrtMemcpyKind)
SAME_ENUM(aclrtEventRecordedStatus)
SAME_ENUM(aclmdlRICaptureMode)
SAME_ENUM(aclmdlRICaptureStatus)

static_assert(sizeof(own::aclrtBinaryLoadOption) == sizeof(::aclrtBinaryLoadOption));
static_assert(alignof(own::aclrtBinaryLoadOption) == alignof(::aclrtBinaryLoadOption));
static_assert(offsetof(own::aclrtBinaryLoadOption, type) == offsetof(::aclrtBinaryLoadOption, type));
static_assert(offsetof(own::aclrtBinaryLoadOption, value) == offsetof(::aclrtBinaryLoadOption, value.magic));
static_assert(std::is_same_v<decltype(::aclrtBinaryLoadOption::value.magic), uint32_t>);
static_assert(sizeof(own::aclrtBinaryLoadOptions) == sizeof(::aclrtBinaryLoadOptions));
static_assert(offsetof(own::aclrtBinaryLoadOptions, options) == offsetof(::aclrtBinaryLoadOptions, options));
static_assert(offsetof(own::aclrtBinaryLoadOptions, numOpt) == offsetof(::aclrtBinaryLoadOptions, numOpt));
static_assert(sizeof(own::AclApi) == sizeof(AclApi));
