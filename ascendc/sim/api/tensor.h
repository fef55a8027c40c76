// GlobalTensor and LocalTensor: views of GM and UB.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../engine/float16.h"
#include "qualifiers.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class TPosition : uint8_t {
    GM,
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
    CO1,
    CO2,
    VECIN,
    VECOUT,
    VECCALC,
    LCM = VECCALC,
    SPM,
    SHM = SPM,
    TSCM,
    C2PIPE2GM,
    C2PIPE2LOCAL,
    MAX,
};
using QuePosition = TPosition;

enum class Hardware : uint8_t { GM, UB, L1, L0A, L0B, L0C, BIAS, FIXBUF, MAX };

namespace sim {

constexpr bool vector_position(TPosition position)
{
    return position == TPosition::VECIN || position == TPosition::VECCALC || position == TPosition::VECOUT;
}

} // namespace sim

enum class CacheMode { CACHE_MODE_DISABLE = 0, CACHE_MODE_NORMAL = 1, CACHE_MODE_LAST = 2, CACHE_MODE_PERSISTENT = 4 };
enum class CacheRwMode { READ = 1, WRITE = 2, RW = 3 };

// What a memory operation may move.
template <typename T>
constexpr bool kElement = (std::is_arithmetic_v<T> && !std::is_same_v<T, long double>) || ascendc_sim::kFloat16<T>;

// A view of GM by device address. It keeps the address it was set to: an access must stay in an array that holds both.
template <typename T>
class GlobalTensor {
    static_assert(kElement<T>, "ascendc/sim: an element type that is not covered");

public:
    using PrimType = T;

    void SetGlobalBuffer(__gm__ T *buffer, uint64_t size)
    {
        base_ = address_ = reinterpret_cast<uintptr_t>(buffer);
        size_ = size;
    }

    // Without a size, which holds nothing back anyway: what may be touched, the launch's arrays say.
    void SetGlobalBuffer(__gm__ T *buffer) { SetGlobalBuffer(buffer, 0); }

    // Offsets are elements, never bytes; of LocalTensor, too.
    GlobalTensor operator[](uint64_t offset) const
    {
        GlobalTensor at = *this;
        at.address_ += offset * sizeof(T);
        at.size_ = size_ > offset ? size_ - offset : 0;
        return at;
    }

    // Both go through the data cache of the scalar pipe, see README.md.
    T GetValue(uint64_t offset, Site site = Site::here()) const
    {
        auto &core = ascendc_sim::Core::current();
        const auto now = core.issue(ascendc_sim::kS, "GlobalTensor::GetValue", site);
        ++core.counters.pipes[ascendc_sim::kS].gm_gets;
        T value{};
        if (const uint64_t address = scalar_address(core, now, offset, false); address != 0) {
            core.get_gm(now, base_, address, sizeof(T), reinterpret_cast<uint8_t *>(&value));
        }
        return value;
    }

    void SetValue(const uint64_t offset, T value, Site site = Site::here())
    {
        auto &core = ascendc_sim::Core::current();
        const auto now = core.issue(ascendc_sim::kS, "GlobalTensor::SetValue", site);
        if (const uint64_t address = scalar_address(core, now, offset, true); address != 0) {
            core.set_gm(now, base_, address, sizeof(T), reinterpret_cast<const uint8_t *>(&value));
        }
    }

    template <typename I>
    T &operator()(I) const
    {
        static_assert(kRefused<I>, "ascendc/sim: GlobalTensor::operator() is not covered, use GetValue");
    }

    template <typename U>
    GlobalTensor<U> ReinterpretCast() const
    {
        static_assert(kRefused<U>,
                      "ascendc/sim: GlobalTensor::ReinterpretCast does not exist on " ASCENDC_SIM_ARCH_NAME);
        return {};
    }

    uint64_t GetSize() const { return size_; }
    const __gm__ T *GetPhyAddr() const { return reinterpret_cast<const T *>(address_); }
    __gm__ T *GetPhyAddr(uint64_t offset) const { return reinterpret_cast<T *>(address_ + offset * sizeof(T)); }
    template <CacheRwMode = CacheRwMode::RW>
    void SetL2CacheHint(CacheMode) // it changes the time only
    {
    }

    // For the copies of this emulation.
    uint64_t sim_base() const { return base_; }
    uint64_t sim_address() const { return address_; }

private:
    // 0: misaligned, and reported.
    uint64_t scalar_address(ascendc_sim::Core &core, const ascendc_sim::Instruction &now, uint64_t offset,
                            bool write) const
    {
        const uint64_t address = address_ + offset * sizeof(T);
        if (base_ == 0) {
            core.except(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
        }
        if (address % sizeof(T) != 0) {
            core.report(ASCEND_CACHE_LOC_SIM_GM_MISALIGNED, now, core.in_gm(address, sizeof(T), write),
                        address % sizeof(T), sizeof(T));
            return 0;
        }
        return address;
    }

    uint64_t base_ = 0;
    uint64_t address_ = 0;
    uint64_t size_ = 0; // elements; 0: not told
};

template <typename T>
class LocalTensor;

// `a + b` and the like: computed by the assignment to the destination, on its whole length.
template <typename T, typename Op>
struct TensorExpression {
    LocalTensor<T> left;
    LocalTensor<T> right;
};

// Something together with the line where it is used; for operators, which can take no further argument.
// By reference, since it lasts as long as the statement that it is made in.
template <typename E>
struct AtSite {
    AtSite(const E &value, Site site = Site::here()) : value(value), site(site) {}
    const E &value;
    Site site;
};

struct AddOp;
struct SubOp;
struct MulOp;
struct AndOp;
struct OrOp;

// A view of UB: an address, a length and the buffer it may not leave.
template <typename T>
class LocalTensor {
    static_assert(kElement<T>, "ascendc/sim: an element type that is not covered");

public:
    using PrimType = T;

    LocalTensor() = default;
    LocalTensor(const LocalTensor &) = default;
    LocalTensor &operator=(const LocalTensor &) = default;

    // A static tensor: `size` elements of UB from byte `address` on, which it may not leave. No TPipe knows of it, and
    // others may overlap it. At a position that is not in UB it has no memory here.
    LocalTensor(TPosition position, uint32_t address, uint32_t size)
        : LocalTensor({address, address, end_of(address, size), sim::vector_position(position)}, size, position, -1)
    {
    }

    // Elements from the offset on; the length shrinks with it.
    // An instruction still needs a multiple of 32 bytes there, and says so itself: GetValue does not.
    LocalTensor operator[](uint32_t offset) const
    {
        LocalTensor at = *this;
        at.view_.address += offset * static_cast<uint32_t>(sizeof(T));
        at.size_ = size_ > offset ? size_ - offset : 0;
        return at;
    }

    T GetValue(uint32_t offset, Site site = Site::here()) const
    {
        auto &core = ascendc_sim::Core::current();
        const auto now = core.issue(ascendc_sim::kS, "LocalTensor::GetValue", site);
        ++core.counters.pipes[ascendc_sim::kS].ub_gets;
        core.steps.is(ASCEND_CACHE_LOC_SIM_STEP_UB_GET);
        const uint32_t address = scalar_address(core, now, offset, false);
        core.reads_ub(now, address, sizeof(T));
        return core.ub.load<T>(address);
    }

    template <typename V>
    void SetValue(uint32_t offset, V value, Site site = Site::here()) const
    {
        auto &core = ascendc_sim::Core::current();
        const auto now = core.issue(ascendc_sim::kS, "LocalTensor::SetValue", site);
        ++core.counters.pipes[ascendc_sim::kS].ub_sets;
        core.steps.is(ASCEND_CACHE_LOC_SIM_STEP_UB_SET);
        const uint32_t address = scalar_address(core, now, offset, true);
        core.writes_ub(now, address, sizeof(T));
        core.ub.store<T>(address, static_cast<T>(value));
    }

    // The same bytes; what does not make a whole U is not counted.
    template <typename U>
    LocalTensor<U> ReinterpretCast() const
    {
        return LocalTensor<U>(view_, static_cast<uint32_t>(uint64_t{size_} * sizeof(T) / sizeof(U)), position_, owner_);
    }

    uint32_t GetSize() const { return size_; }
    void SetSize(uint32_t size) { size_ = size; }
    uint32_t GetLength() const { return size_ * static_cast<uint32_t>(sizeof(T)); } // bytes
    int32_t GetPosition() const { return static_cast<int32_t>(position_); }

    template <typename... A>
    T *GetPhyAddr(A &&...) const
    {
        static_assert(kRefused<A...>,
                      "ascendc/sim: LocalTensor::GetPhyAddr is not covered (raw UB pointers go unchecked)");
    }

    template <typename I>
    T &operator()(I) const
    {
        static_assert(kRefused<I>, "ascendc/sim: LocalTensor::operator() is not covered, use GetValue and SetValue");
    }

    friend TensorExpression<T, AddOp> operator+(const LocalTensor &a, const LocalTensor &b) { return {a, b}; }
    friend TensorExpression<T, SubOp> operator-(const LocalTensor &a, const LocalTensor &b) { return {a, b}; }
    friend TensorExpression<T, MulOp> operator*(const LocalTensor &a, const LocalTensor &b) { return {a, b}; }
    friend TensorExpression<T, AndOp> operator&(const LocalTensor &a, const LocalTensor &b) { return {a, b}; }
    friend TensorExpression<T, OrOp> operator|(const LocalTensor &a, const LocalTensor &b) { return {a, b}; }

    // Defined with the instructions in arithmetic.h.
    void operator=(const AtSite<TensorExpression<T, AddOp>> &sum);
    void operator=(const AtSite<TensorExpression<T, SubOp>> &difference);
    void operator=(const AtSite<TensorExpression<T, MulOp>> &product);
    void operator=(const AtSite<TensorExpression<T, AndOp>> &bits);
    void operator=(const AtSite<TensorExpression<T, OrOp>> &bits);

    // For the instructions and queues of this emulation.
    LocalTensor(ascendc_sim::LocalView view, uint32_t size, TPosition position, int32_t owner)
        : view_(view), size_(size), position_(position), owner_(owner)
    {
    }
    const ascendc_sim::LocalView &sim_view() const { return view_; }
    int32_t sim_owner() const { return owner_; }

private:
    // No further than 32 bits go, which is far outside UB.
    static constexpr uint32_t end_of(uint32_t address, uint32_t size)
    {
        const uint64_t end = address + uint64_t{size} * sizeof(T);
        return end < UINT32_MAX ? static_cast<uint32_t>(end) : UINT32_MAX;
    }

    // Both are exceptions of the core (past the end, misaligned), so there is always an address.
    uint32_t scalar_address(ascendc_sim::Core &core, const ascendc_sim::Instruction &now, uint32_t offset,
                            bool write) const
    {
        const uint64_t address = view_.address + uint64_t{offset} * sizeof(T);
        core.check_ub(now, view_, address, sizeof(T), write);
        core.check_aligned(now, address, sizeof(T), write, sizeof(T));
        return static_cast<uint32_t>(address);
    }

    ascendc_sim::LocalView view_;
    uint32_t size_ = 0; // elements
    TPosition position_ = TPosition::MAX;
    // All views keep it: so EnQue and FreeTensor know whose a tensor is.
    int32_t owner_ = -1; // index of the TPipe buffer behind it
};

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
