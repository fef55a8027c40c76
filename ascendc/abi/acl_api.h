/* The AscendCL calls that this crate makes, as one table of function pointers.
 *
 * Plain C, from the documented signatures: AscendCL's own headers are not needed. The types below have the sizes of
 * AscendCL's; its enumerations are integers here, since a library may return a value that this header does not know.
 * tests/acl_headers.sh compares all of it with the real headers.
 */
#ifndef ASCEND_CACHE_LOC_ACL_API_H
#define ASCEND_CACHE_LOC_ACL_API_H

#include <stddef.h>
#include <stdint.h>

/* Set by that comparison alone: the table is then declared with the real types. */
#ifndef ASCEND_CACHE_LOC_REAL_ACL_TYPES
typedef int aclError;
typedef void *aclrtContext;
typedef void *aclrtStream;
typedef void *aclrtEvent;
typedef void *aclrtBinHandle;
typedef void *aclrtFuncHandle;
typedef void *aclmdlRI;
typedef int32_t aclDeviceInfo; /* it has a -1 */
typedef uint32_t aclrtDevAttr;
typedef uint32_t aclrtMemMallocPolicy;
typedef uint32_t aclrtMemcpyKind;
typedef uint32_t aclrtEventRecordedStatus;
typedef uint32_t aclmdlRICaptureMode;
typedef uint32_t aclmdlRICaptureStatus;
typedef struct aclrtBinaryLoadOption {
    uint32_t type;
    uint32_t value[4]; /* a union; `magic` is its first word */
} aclrtBinaryLoadOption;
typedef struct aclrtBinaryLoadOptions {
    aclrtBinaryLoadOption *options;
    size_t numOpt;
} aclrtBinaryLoadOptions;
typedef void aclrtLaunchKernelCfg; /* we pass null for both */
typedef void aclrtPlaceHolderInfo;
#endif

/* A null pointer: the library lacks the function. src/acl/functions.rs says which of them it must have. */
typedef struct AclApi {
    /* Process, devices and contexts. */
    aclError (*aclInit)(const char *configPath);
    const char *(*aclGetRecentErrMsg)(void);
    aclError (*aclrtGetDeviceCount)(uint32_t *count);
    aclError (*aclrtSetDevice)(int32_t deviceId);
    aclError (*aclrtGetDevice)(int32_t *deviceId);
    aclError (*aclrtGetCurrentContext)(aclrtContext *context);
    aclError (*aclrtSetCurrentContext)(aclrtContext context);
    aclError (*aclrtSynchronizeDevice)(void);
    const char *(*aclrtGetSocName)(void);
    aclError (*aclGetDeviceCapability)(uint32_t deviceId, aclDeviceInfo deviceInfo, int64_t *value);
    /* Streams and events. */
    aclError (*aclrtCreateStreamWithConfig)(aclrtStream *stream, uint32_t priority, uint32_t flag);
    aclError (*aclrtDestroyStream)(aclrtStream stream);
    aclError (*aclrtSynchronizeStream)(aclrtStream stream);
    aclError (*aclrtSynchronizeStreamWithTimeout)(aclrtStream stream, int32_t timeout);
    aclError (*aclrtCreateEventExWithFlag)(aclrtEvent *event, uint32_t flag);
    aclError (*aclrtDestroyEvent)(aclrtEvent event);
    aclError (*aclrtRecordEvent)(aclrtEvent event, aclrtStream stream);
    aclError (*aclrtStreamWaitEvent)(aclrtStream stream, aclrtEvent event);
    aclError (*aclrtQueryEventStatus)(aclrtEvent event, aclrtEventRecordedStatus *status);
    /* Memory. */
    aclError (*aclrtMalloc)(void **devPtr, size_t size, aclrtMemMallocPolicy policy);
    aclError (*aclrtFree)(void *devPtr);
    aclError (*aclrtMallocHost)(void **hostPtr, size_t size);
    aclError (*aclrtFreeHost)(void *hostPtr);
    aclError (*aclrtMemcpy)(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind);
    aclError (*aclrtMemcpyAsync)(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind,
                                 aclrtStream stream);
    aclError (*aclrtMemsetAsync)(void *devPtr, size_t maxCount, int32_t value, size_t count, aclrtStream stream);
    /* Kernels. */
    aclError (*aclrtBinaryLoadFromData)(const void *data, size_t length, const aclrtBinaryLoadOptions *options,
                                        aclrtBinHandle *binHandle);
    aclError (*aclrtBinaryGetFunction)(const aclrtBinHandle binHandle, const char *kernelName,
                                       aclrtFuncHandle *funcHandle);
    aclError (*aclrtLaunchKernelWithHostArgs)(aclrtFuncHandle funcHandle, uint32_t numBlocks, aclrtStream stream,
                                              aclrtLaunchKernelCfg *cfg, void *hostArgs, size_t argsSize,
                                              aclrtPlaceHolderInfo *placeHolderArray, size_t placeHolderNum);
    /* Facts about a device, and what only a user of ours calls. */
    aclError (*aclrtGetDeviceInfo)(uint32_t deviceId, aclrtDevAttr attr, int64_t *value);
    aclError (*aclsysGetVersionNum)(char *pkgName, int32_t *versionNum);
    aclError (*aclrtCreateContext)(aclrtContext *context, int32_t deviceId);
    aclError (*aclrtDestroyContext)(aclrtContext context);
    aclError (*aclmdlRICaptureBegin)(aclrtStream stream, aclmdlRICaptureMode mode);
    aclError (*aclmdlRICaptureGetInfo)(aclrtStream stream, aclmdlRICaptureStatus *status, aclmdlRI *modelRI);
    aclError (*aclmdlRICaptureEnd)(aclrtStream stream, aclmdlRI *modelRI);
    aclError (*aclmdlRIExecuteAsync)(aclmdlRI modelRI, aclrtStream stream);
    aclError (*aclmdlRIDestroy)(aclmdlRI modelRI);
} AclApi;

/* AscendCL's constants, by its names with a prefix. Those that the headers of hicann/runtime 8.5.0-beta.1 lack name the
   first release tag that has them. */
enum {
    ASCEND_CACHE_LOC_ACL_DEVICE_INFO_VECTOR_CORE_NUM = 1,
    ASCEND_CACHE_LOC_ACL_DEV_ATTR_VECTOR_CORE_NUM = 201,
    ASCEND_CACHE_LOC_ACL_DEV_ATTR_NPU_ARCH = 601, /* since 9.1.0-beta.3 */
    ASCEND_CACHE_LOC_ACL_EVENT_SYNC = 1,
    ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_NOT_READY = 0,
    ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_COMPLETE = 1,
    ASCEND_CACHE_LOC_ACL_STREAM_FAST_LAUNCH = 1,
    ASCEND_CACHE_LOC_ACL_STREAM_FAST_SYNC = 2,
    ASCEND_CACHE_LOC_ACL_MEM_MALLOC_HUGE_FIRST = 0,
    ASCEND_CACHE_LOC_ACL_MEMCPY_HOST_TO_DEVICE = 1,
    ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_HOST = 2,
    ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_DEVICE = 3,
    ASCEND_CACHE_LOC_ACL_RT_BINARY_LOAD_OPT_MAGIC = 2,
    ASCEND_CACHE_LOC_ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE = 0x41415246,
    ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_GLOBAL = 0,
    ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL = 1,
    ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_RELAXED = 2,
    ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_NONE = 0,
    ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE = 1,
    ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED = 2
};

/* AscendCL's return codes: those of its own that we tell apart, then all of the runtime's, which src/acl/codes.rs has a
   class for each. */
enum {
    ASCEND_CACHE_LOC_ACL_SUCCESS = 0,
    ASCEND_CACHE_LOC_ACL_ERROR_INVALID_PARAM = 100000,
    ASCEND_CACHE_LOC_ACL_ERROR_UNINITIALIZE = 100001,
    ASCEND_CACHE_LOC_ACL_ERROR_REPEAT_INITIALIZE = 100002,

    ASCEND_CACHE_LOC_ACL_ERROR_RT_PARAM_INVALID = 107000,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_DEVICEID = 107001,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CONTEXT_NULL = 107002,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CONTEXT = 107003,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_CONTEXT = 107004,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_MODEL = 107005,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID = 107006,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL = 107007,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_ADDR_UNALIGNED = 107008,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_FILE_OPEN = 107009,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_FILE_WRITE = 107010,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_SUBSCRIBE = 107011,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_THREAD_SUBSCRIBE = 107012,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_GROUP_NOT_SET = 107013,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_GROUP_NOT_CREATE = 107014,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_NO_CB_REG = 107015,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_MEMORY_TYPE = 107016,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_HANDLE = 107017,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_MALLOC_TYPE = 107018,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_WAIT_TIMEOUT = 107019,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_TASK_TIMEOUT = 107020,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SYSPARAMOPT_NOT_SET = 107021,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_TASK_ABORT = 107022,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_ABORT = 107023,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_DEPENDENCY = 107024,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_UNJOINED = 107025,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_CAPTURED = 107026,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURED = 107027,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_CAPTURED = 107028,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_NOT_CAPTURED = 107029,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT = 107030,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT = 107031,
    ASCEND_CACHE_LOC_ACL_ERROR_STREAM_CAPTURE_CONFLICT = 107032,
    ASCEND_CACHE_LOC_ACL_ERROR_STREAM_TASK_GROUP_STATUS = 107033,
    ASCEND_CACHE_LOC_ACL_ERROR_STREAM_TASK_GROUP_INTR = 107034,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_TASK_ABORT_STOP = 107035,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_UNMATCHED = 107036,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_RUNNING = 107037,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD = 107038,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INSUFFICIENT_INPUT_ARRAY = 107039, /* since 9.1.0-beta.1 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_UPDATE_FAILED = 107040, /* since 9.1.0-beta.1 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_BLOCK_ASYNC = 107041, /* since 9.1.0-beta.3 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SYMBOL_NOT_FOUND = 107042, /* since 9.1.0-beta.3 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_SYMBOL = 107043, /* since 9.1.0 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_DEVICE_FUNCTION = 107044, /* since 9.1.0 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SUB_ACLGRAPH_IS_CAPTURING = 107045, /* since 9.1.0 */

    ASCEND_CACHE_LOC_ACL_ERROR_RT_FEATURE_NOT_SUPPORT = 207000,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MEMORY_ALLOCATION = 207001,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MEMORY_FREE = 207002,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_OVER_FLOW = 207003,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_DEVICE = 207004,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_RESOURCE_ALLOC_FAIL = 207005,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_PERMISSION = 207006,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_EVENT_RESOURCE = 207007,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_STREAM_RESOURCE = 207008,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_NOTIFY_RESOURCE = 207009,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_MODEL_RESOURCE = 207010,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_CDQ_RESOURCE = 207011,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_OVER_LIMIT = 207012,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_QUEUE_EMPTY = 207013,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_QUEUE_FULL = 207014,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_REPEATED_INIT = 207015,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AIVEC_OVER_FLOW = 207016,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_OVER_FLOW = 207017,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_OOM = 207018,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_FEATURE_NOT_SUPPORT_UPDATE_OP = 207019,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_TIMEOUT = 207020, /* since 9.1.0-beta.3 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_LINK_TYPE_NOT_SUPPORTED = 207021, /* since 9.2.0-beta.1 */

    ASCEND_CACHE_LOC_ACL_ERROR_RT_INTERNAL_ERROR = 507000,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_TS_ERROR = 507001,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_TASK_FULL = 507002,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_TASK_EMPTY = 507003,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_NOT_COMPLETE = 507004,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_END_OF_SEQUENCE = 507005,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_NOT_COMPLETE = 507006,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CONTEXT_RELEASE_ERROR = 507007,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SOC_VERSION = 507008,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_TASK_TYPE_NOT_SUPPORT = 507009,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_LOST_HEARTBEAT = 507010,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_EXECUTE = 507011,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_REPORT_TIMEOUT = 507012,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SYS_DMA = 507013,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TIMEOUT = 507014,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_EXCEPTION = 507015,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TRAP_EXCEPTION = 507016,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_TIMEOUT = 507017,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_EXCEPTION = 507018,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_DATADUMP_RSP_ERR = 507019,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_MODEL_RSP_ERR = 507020,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_PROFILING_ERROR = 507021,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_IPC_ERROR = 507022,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_ABORT_NORMAL = 507023,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_KERNEL_UNREGISTERING = 507024,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_RINGBUFFER_NOT_INIT = 507025,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_RINGBUFFER_NO_DATA = 507026,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_KERNEL_LOOKUP = 507027,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_KERNEL_DUPLICATE = 507028,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DEBUG_REGISTER_FAIL = 507029,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DEBUG_UNREGISTER_FAIL = 507030,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_LABEL_CONTEXT = 507031,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_PROGRAM_USE_OUT = 507032,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DEV_SETUP_ERROR = 507033,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TIMEOUT = 507034,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_EXCEPTION = 507035,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TRAP_EXCEPTION = 507036,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CDQ_BATCH_ABNORMAL = 507037,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DIE_MODE_CHANGE_ERROR = 507038,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DIE_SET_ERROR = 507039,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_DIEID = 507040,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DIE_MODE_NOT_SET = 507041,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TRAP_READ_OVERFLOW = 507042,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TRAP_WRITE_OVERFLOW = 507043,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TRAP_READ_OVERFLOW = 507044,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TRAP_WRITE_OVERFLOW = 507045,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_SYNC_TIMEOUT = 507046,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_SYNC_TIMEOUT = 507047,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_FFTS_PLUS_TIMEOUT = 507048,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_FFTS_PLUS_EXCEPTION = 507049,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_FFTS_PLUS_TRAP_EXCEPTION = 507050,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SEND_MSG = 507051,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_COPY_DATA = 507052,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_MEM_ERROR = 507053,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR = 507054,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SUSPECT_DEVICE_MEM_ERROR = 507055,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_LINK_ERROR = 507056,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SUSPECT_REMOTE_ERROR = 507057,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_DRV_INTERNAL_ERROR = 507899,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_INTERNAL_ERROR = 507900,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_SOCKET_CLOSE = 507901,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_INFO_LOAD_RSP_ERR = 507902,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED = 507903,
    ASCEND_CACHE_LOC_ACL_ERROR_RT_COMM_OP_RETRY_FAIL = 507904,
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_LOCK_TIMEOUT = 507905,
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_LOCK_FAILED = 507906,
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_UNLOCK_FAILED = 507907,
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_BACKUP_FAILED = 507908,
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_RESTORE_FAILED = 507909,
    ASCEND_CACHE_LOC_ACL_ERROR_HOST_MEMORY_ALREADY_REGISTERED = 507910, /* since 8.5.0 */
    ASCEND_CACHE_LOC_ACL_ERROR_HOST_MEMORY_NOT_REGISTERED = 507911, /* since 8.5.0 */
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_CALLBACK_FAILED = 507912, /* since 9.0.0-beta.1 */
    ASCEND_CACHE_LOC_ACL_ERROR_SNAPSHOT_REGISTER_CALLBACK_FAILED = 507913, /* since 9.0.0-beta.1 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_L3_PORT_ERROR = 507914, /* since 9.1.0-beta.3 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CCU_TIMEOUT = 507915, /* since 9.1.0 */
    ASCEND_CACHE_LOC_ACL_ERROR_RT_CCU_EXCEPTION = 507916 /* since 9.1.0 */
};

#endif
