/* The one C entry of the core simulation: runs a kernel on simulated vector cores, and says what it did and did wrong.
 *
 * Plain C, so that bindgen reads it; src/sim wraps it for Rust. Sizes are bytes. Every `const char *` that the
 * simulation hands out is a string with static storage.
 */
#ifndef ASCEND_CACHE_LOC_SIM_LAUNCH_H
#define ASCEND_CACHE_LOC_SIM_LAUNCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The pipes of a vector core: scalar, vector, GM to UB, UB to GM. */
enum AscendCacheLocSimPipe {
    ASCEND_CACHE_LOC_SIM_PIPE_S = 0,
    ASCEND_CACHE_LOC_SIM_PIPE_V = 1,
    ASCEND_CACHE_LOC_SIM_PIPE_MTE2 = 2,
    ASCEND_CACHE_LOC_SIM_PIPE_MTE3 = 3,
    ASCEND_CACHE_LOC_SIM_PIPES = 4
};

enum AscendCacheLocSimSpace {
    ASCEND_CACHE_LOC_SIM_SPACE_NONE = 0,
    ASCEND_CACHE_LOC_SIM_SPACE_UB = 1, /* addresses are byte offsets into the core's UB */
    ASCEND_CACHE_LOC_SIM_SPACE_GM = 2  /* addresses are device addresses */
};

/* What a report says. README.md has a paragraph on each; `value` and `limit` are said here where they are used. */
enum AscendCacheLocSimKind {
    /* Order between instructions of one core. */
    ASCEND_CACHE_LOC_SIM_RACE = 1,              /* no flag or barrier orders it after `other` */
    ASCEND_CACHE_LOC_SIM_WAIT_NEVER_SET = 2,    /* value: event id */
    ASCEND_CACHE_LOC_SIM_SET_NEVER_WAITED = 3,  /* value: event id */
    ASCEND_CACHE_LOC_SIM_EVENT_PENDING = 4,     /* set again before its wait; value: event id */
    ASCEND_CACHE_LOC_SIM_EVENT_ID_RANGE = 5,    /* value: event id, limit: number of ids */
    ASCEND_CACHE_LOC_SIM_EVENT_IDS_SPENT = 6,   /* AllocEventID found none free; limit: number of ids */
    ASCEND_CACHE_LOC_SIM_EVENT_NOT_HELD = 7,    /* ReleaseEventID of an id that is not allocated; value: event id */
    ASCEND_CACHE_LOC_SIM_EVENT_ID_RESERVED = 8, /* 6 or 7, and TPipe gave neither; value: event id */
    /* UB. */
    ASCEND_CACHE_LOC_SIM_UB_OVERRUN = 9,         /* past the end of UB; value: end of the access, limit: size of UB */
    ASCEND_CACHE_LOC_SIM_UB_OUTSIDE_BUFFER = 10, /* past its TQue or TBuf buffer; value: end, limit: the buffer's */
    ASCEND_CACHE_LOC_SIM_UB_MISALIGNED = 11,     /* limit: the alignment asked for */
    ASCEND_CACHE_LOC_SIM_UB_UNWRITTEN = 12,      /* address: the first byte read that nothing wrote */
    ASCEND_CACHE_LOC_SIM_OPERANDS_OVERLAP = 13,  /* destination and source overlap without being the same */
    ASCEND_CACHE_LOC_SIM_TENSOR_UNSET = 14,      /* a tensor without memory behind it */
    /* GM. */
    ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ALLOCATION = 15,
    ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ARRAY = 16,
    ASCEND_CACHE_LOC_SIM_GM_FORBIDDEN = 17,  /* a write to an array declared read-only, or a read of a write-only one */
    ASCEND_CACHE_LOC_SIM_GM_MISALIGNED = 18, /* limit: the alignment asked for */
    ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_BYTES = 19,
    ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_LINE = 20, /* different bytes of one 64-byte line */
    ASCEND_CACHE_LOC_SIM_CORE_READS_WRITTEN = 21,    /* bytes that another core of the launch writes */
    /* Parameters. */
    ASCEND_CACHE_LOC_SIM_COPY_TRUNCATED = 22,   /* value: bytes asked for, limit: bytes the device copies */
    ASCEND_CACHE_LOC_SIM_COPY_PARAMETER = 23,   /* a field out of its documented range; value, limit */
    ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER = 24, /* count, mask, stride or pattern out of range; value, limit */
    ASCEND_CACHE_LOC_SIM_GATHER_OFFSET = 25,    /* value: the offset in bytes, limit: element size or size of UB */
    ASCEND_CACHE_LOC_SIM_CAST_MODE = 26,        /* no such round mode for this pair of types; value: round mode */
    /* What the headers accept and the device does otherwise. */
    ASCEND_CACHE_LOC_SIM_ELEMENTS_HALVED = 27, /* And, Or of 32-bit data; value: asked, limit: 16-bit elements done */
    ASCEND_CACHE_LOC_SIM_NOT_EXECUTED = 28,    /* the device emits no instruction for this type; value: its bytes */
    ASCEND_CACHE_LOC_SIM_REPEATS_WRAPPED = 29, /* value: elements asked for, limit: elements done */
    /* TPipe, TQue, TBuf. */
    ASCEND_CACHE_LOC_SIM_PIPE_UB_BUDGET = 30,        /* value: bytes in all, limit: bytes a kernel may use */
    ASCEND_CACHE_LOC_SIM_PIPE_POSITION_BUFFERS = 31, /* value: TQue buffers on one position, limit: 8 */
    ASCEND_CACHE_LOC_SIM_PIPE_BUFFERS = 32,          /* value: buffers of the kernel, limit: 64 */
    ASCEND_CACHE_LOC_SIM_PIPE_INIT_AGAIN = 33,       /* InitBuffer on a queue or TBuf that has its buffers */
    ASCEND_CACHE_LOC_SIM_PIPE_EMPTY_BUFFER = 34,     /* InitBuffer with no buffers */
    ASCEND_CACHE_LOC_SIM_PIPE_LIFETIME = 35,         /* no live TPipe, or a second one */
    ASCEND_CACHE_LOC_SIM_QUEUE_NO_BUFFER = 36,       /* AllocTensor with every buffer in use; limit: buffers */
    ASCEND_CACHE_LOC_SIM_QUEUE_FULL = 37,            /* EnQue past the depth; limit: depth */
    ASCEND_CACHE_LOC_SIM_QUEUE_EMPTY = 38,           /* DeQue before EnQue */
    ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR = 39,  /* EnQue or FreeTensor of a tensor that the queue did not give */
    /* The run. */
    ASCEND_CACHE_LOC_SIM_INSTRUCTION_LIMIT = 40, /* the core was stopped; limit: instructions a core may issue */
    /* The data cache of the scalar pipe. */
    ASCEND_CACHE_LOC_SIM_CACHE_STALE = 41, /* GetValue of bytes that `other` overwrote in memory since they were cached */
    ASCEND_CACHE_LOC_SIM_CACHE_DIRTY = 42, /* a copy meets what `other` set and nothing wrote back */
    ASCEND_CACHE_LOC_SIM_ASSERT_FAILED = 43, /* of the kernel's own */
    /* Order, too. */
    ASCEND_CACHE_LOC_SIM_EVENT_PIPES = 44 /* a flag or barrier of pipes for which vector cores have none */
};

/* One place in a kernel's source that did something. */
typedef struct AscendCacheLocSimPlace {
    const char *instruction; /* name of the API call; null: there is none */
    const char *file;
    const char *caller_file; /* where the helper that this place lies in was called; null: in none, see README.md */
    uint32_t line;
    uint32_t caller_line;
    uint32_t pipe;
    uint32_t core;
    uint32_t writes; /* 1: it writes the bytes, 0: it reads them or touches none */
    uint32_t reserved;
} AscendCacheLocSimPlace;

/* One finding. The same kind at the same two places is reported once, and counted. */
typedef struct AscendCacheLocSimReport {
    uint32_t kind;
    uint32_t space;
    uint64_t address; /* of the first byte concerned */
    uint64_t bytes;   /* concerned from there on: the first of several runs of bytes; 0: it is not about bytes */
    uint64_t value;
    uint64_t limit;
    uint64_t occurrences; /* in this launch, over all cores */
    AscendCacheLocSimPlace place;
    AscendCacheLocSimPlace other; /* the earlier instruction; `instruction` is null where there is none */
} AscendCacheLocSimReport;

typedef struct AscendCacheLocSimPipeCounters {
    uint64_t instructions; /* vector instructions, DMAs, scalar accesses; flags and barriers are counted apart */
    uint64_t repeats;      /* V: 256-byte iterations */
    uint64_t dmas;         /* MTE2, MTE3: copies, each one instruction whatever its block count */
    uint64_t dma_blocks;   /* MTE2, MTE3: blocks of those copies */
    uint64_t dma_bytes;    /* MTE2, MTE3: GM bytes */
    uint64_t ub_gets;      /* S: LocalTensor::GetValue */
    uint64_t ub_sets;      /* S: LocalTensor::SetValue */
    uint64_t gm_gets;      /* S: GlobalTensor::GetValue */
    uint64_t flags_set;    /* SetFlag executed on this pipe, those of TQue included */
    uint64_t flags_waited; /* WaitFlag executed on this pipe, those of TQue included */
    uint64_t barriers;     /* PipeBarrier; PIPE_ALL counts once on each pipe */
} AscendCacheLocSimPipeCounters;

typedef struct AscendCacheLocSimCoreCounters {
    AscendCacheLocSimPipeCounters pipes[ASCEND_CACHE_LOC_SIM_PIPES];
    uint64_t ub_bytes; /* the most that InitBuffer held at a time */
} AscendCacheLocSimCoreCounters;

enum AscendCacheLocSimAccess { ASCEND_CACHE_LOC_SIM_READ = 1, ASCEND_CACHE_LOC_SIM_WRITE = 2 };

/* An array that the kernel may touch, inside one allocation of device memory. With no access: memory that is there, and
 * that the kernel has no business with. */
typedef struct AscendCacheLocSimArray {
    uint64_t address; /* device address of the first byte */
    uint64_t bytes;
    uint64_t allocation_address;
    uint64_t allocation_bytes;
    /* Host memory that holds the array's bytes, with the rest of the allocation around it: an access outside the array
     * is reported, and done. It is written only where some array of the allocation has write access. Null: there is
     * none; what is copied from it counts as unwritten, what is copied to it is dropped. A kernel that follows a
     * `__gm__` pointer itself, as for a tiling struct, needs `storage` to be `address`. */
    void *storage;
    uint32_t access; /* AscendCacheLocSimAccess, or-ed */
    uint32_t reserved;
} AscendCacheLocSimArray;

/* What a core did at one step. Every step is issued by the scalar pipe, in the order of the list; what is on another pipe
 * waits there. */
typedef enum AscendCacheLocSimStepKind {
    ASCEND_CACHE_LOC_SIM_STEP_INSTRUCTION = 0, /* of its pipe: scalar, vector, a copy; the next five are scalar, too */
    ASCEND_CACHE_LOC_SIM_STEP_UB_GET = 1,
    ASCEND_CACHE_LOC_SIM_STEP_UB_SET = 2,
    ASCEND_CACHE_LOC_SIM_STEP_GM_GET = 3,
    ASCEND_CACHE_LOC_SIM_STEP_GM_SET = 4,
    ASCEND_CACHE_LOC_SIM_STEP_CACHE_CLEAN = 5,
    ASCEND_CACHE_LOC_SIM_STEP_SET_FLAG = 6, /* from here on, no instructions: what orders them */
    ASCEND_CACHE_LOC_SIM_STEP_WAIT_FLAG = 7,
    ASCEND_CACHE_LOC_SIM_STEP_BARRIER = 8 /* on the scalar pipe: of all pipes */
} AscendCacheLocSimStepKind;

typedef struct AscendCacheLocSimStep {
    const char *name; /* of the API call */
    const char *file; /* null: not kept */
    uint32_t line;
    uint32_t pipe;
    uint32_t kind;
    uint32_t repeats;                           /* V: 256-byte iterations */
    uint32_t known[ASCEND_CACHE_LOC_SIM_PIPES]; /* it begins once so many instructions of each pipe are complete */
    uint64_t address;                           /* of the first byte in GM; 0: it does not touch GM */
    uint64_t pitch;                             /* bytes from the begin of a block in GM to the next one's */
    uint32_t blocks;
    uint32_t block_bytes;
} AscendCacheLocSimStep;

/* Who is told what each core did. `take` is called once a core, in the order that the cores run. */
typedef struct AscendCacheLocSimObserver {
    void (*take)(void *context, uint32_t core, const AscendCacheLocSimStep *steps, uint64_t count);
    void *context;
} AscendCacheLocSimObserver;

typedef struct AscendCacheLocSimOptions {
    uint64_t order_seed; /* the cores run one after the other: 0 in ascending order, else shuffled by this seed */
    uint64_t instruction_limit; /* instructions a core may issue; 0: 4,194,304 */
    uint64_t tiling_key;        /* what TILING_KEY_IS compares with */
    uint32_t auto_sync;         /* not 0: the compiler's automatic synchronisation is on */
    uint32_t saturate;          /* not 0: int16 and int32 arithmetic saturates instead of wrapping */
    uint32_t casts_truncate;    /* not 0: until the kernel says otherwise, as the one before it may have left it */
    uint32_t shared_lines;      /* not 0: two cores that write different bytes of one line are not reported */
    uint32_t arch;              /* whose kernel of the name, and whose cores; 0: 2201 */
    const AscendCacheLocSimObserver *observer; /* null: nobody, and no step is kept */
} AscendCacheLocSimOptions;

/* Where the findings go. The caller owns the memory. */
typedef struct AscendCacheLocSimOutcome {
    AscendCacheLocSimReport *reports;
    uint64_t reports_capacity;
    uint64_t reports_count;                  /* out: distinct findings, may exceed the capacity */
    AscendCacheLocSimCoreCounters *counters; /* one per block, or null */
    uint32_t exception; /* out: not 0: a core did what a device answers with an exception, which ended the launch */
    uint32_t reserved;
} AscendCacheLocSimOutcome;

struct AscendCacheLocSimKernel;

/* Runs a kernel as ascend_cache_loc_sim_launch does: the engine of one arch. */
typedef int32_t (*AscendCacheLocSimEngine)(const struct AscendCacheLocSimKernel *kernel, uint32_t blocks,
                                           const void *argument, uint64_t argument_bytes,
                                           const AscendCacheLocSimArray *arrays, uint64_t array_count,
                                           const AscendCacheLocSimOptions *options, AscendCacheLocSimOutcome *outcome);

/* A kernel compiled for an arch, by the name that a launch calls it by. register.h makes one of a C++ function. */
typedef struct AscendCacheLocSimKernel {
    const char *name;
    uint64_t argument_bytes;
    void (*run)(const uint8_t *argument);
    AscendCacheLocSimEngine engine;
    uint32_t arch; /* 2201, say */
    uint32_t reserved;
} AscendCacheLocSimKernel;

/* Kernels that somebody brings. Whoever refers to the list refers to each kernel in it: a static library loses none. */
typedef struct AscendCacheLocSimKernels {
    const AscendCacheLocSimKernel *const *kernels;
    uint64_t count;
} AscendCacheLocSimKernels;

/* What ascend_cache_loc_sim_launch returns. Anything but RAN and NO_MEMORY: nothing was executed. */
enum AscendCacheLocSimStatus {
    ASCEND_CACHE_LOC_SIM_RAN = 0,
    ASCEND_CACHE_LOC_SIM_UNKNOWN_KERNEL = 1,
    ASCEND_CACHE_LOC_SIM_BAD_BLOCKS = 2,   /* outside 1..=65535 */
    ASCEND_CACHE_LOC_SIM_BAD_ARGUMENT = 3, /* not as long as the kernel's parameters */
    ASCEND_CACHE_LOC_SIM_BAD_ARRAY = 4,    /* outside its allocation, or wraps around */
    /* At any time: cores may have run, and written to the arrays. Nothing is reported, and the counters are those of
     * the cores that ended. */
    ASCEND_CACHE_LOC_SIM_NO_MEMORY = 5
};

/* Makes the kernels of a list known. 1: they are, also where they were before. 0: another kernel has one of the names for
 * the same arch, or memory ran out, and none of the list is known. The list stays where it is. Several threads may call
 * this at a time, and launch. */
int32_t ascend_cache_loc_sim_add_kernels(const AscendCacheLocSimKernels *list);

/* Runs `kernel` on `blocks` simulated vector cores of an arch.
 *
 * `argument` holds the kernel's parameters as a launch passes them: each at the next multiple of 8 bytes, the whole
 * rounded up to 8. It is copied before the kernel starts. Several threads may call this at a time, with arrays of
 * their own. */
int32_t ascend_cache_loc_sim_launch(const char *kernel, uint32_t blocks, const void *argument, uint64_t argument_bytes,
                                    const AscendCacheLocSimArray *arrays, uint64_t array_count,
                                    const AscendCacheLocSimOptions *options, AscendCacheLocSimOutcome *outcome);

#ifdef __cplusplus
}
#endif

#endif
