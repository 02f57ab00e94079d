#include "io/array_reading.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "io/half.hpp"
#include "io/stored_number.hpp"

namespace saccade {

namespace {

constexpr Index most_cells = Index{1} << 28;
constexpr Index piece_values = 1 << 16;  // converted at once
constexpr Index short_run = 1 << 12;     // values
constexpr std::uint16_t half_infinity = 0x7c00;

/// One axis in the order of the file, the slowest first.
struct FileAxis {
    Index extent = 1, begin = 0, count = 1, block = 1;
    Index stride = 0;      // of the file, in values
    Index out_stride = 0;  // of the result, a cell
};

class PartReader {
 public:
    PartReader(const FileArray& array, const ArrayPart& part, const BytesAt& bytes_at)
        : array_(array), bytes_at_(bytes_at), peaks_(part.peaks) {
        const std::size_t rank = array.dims.size();
        std::vector<Index> out_strides(rank, 1);
        for (std::size_t k = rank; k-- > 0;) {
            const auto axis = static_cast<std::size_t>(part.order[k]);
            out_strides[axis] = cells_;
            cells_ *= part.along[axis].cells();
        }
        Index stride = 1;
        for (std::size_t k = 0; k < rank; ++k) {
            const std::size_t axis = array.fortran ? k : rank - 1 - k;
            const ArrayPart::Along& along = part.along[axis];
            axes_.push_back({array.dims[axis], along.begin, along.count, along.block, stride, out_strides[axis]});
            stride *= array.dims[axis];
            joins_ = joins_ || along.block > 1;
        }
        if (axes_.empty()) axes_.emplace_back();  // a single number
        std::ranges::reverse(axes_);
        // Work is shared out along the slowest axis that has several cells: no two threads then write the same.
        while (shared_ + 1 < axes_.size() && axes_[shared_].count <= axes_[shared_].block) ++shared_;
        // Axes after `run_` are read as they stand in the file, one run of bytes for all of them: where a part of one is
        // wanted, it is cheaper to read a few thousand values too many than each by itself.
        run_ = axes_.size() - 1;
        while (run_ > shared_ &&
               (axes_[run_].count == axes_[run_].extent || axes_[run_].stride * axes_[run_].extent <= short_run))
            --run_;
        // Cells of the shared axis that one piece of work takes, so that none is too small.
        Index values = axes_[shared_].block;
        for (std::size_t k = shared_ + 1; k < axes_.size(); ++k) values *= axes_[k].count;
        together_ = std::max<Index>(1, piece_values / std::max<Index>(values, 1));
    }

    Tensor<float> read() {
        // Sixteen bits of one sign are in the order of what they stand for: peaks are found among them as they are.
        halves_ = joins_ && peaks_ && array_.number == StoredNumber::f16 && !array_.big_endian;
        const float empty = joins_ && peaks_ ? -std::numeric_limits<float>::infinity() : 0;
        out_ = Tensor<float>(Shape{cells_}, empty);
        if (joins_ && peaks_) seen_.assign(static_cast<std::size_t>(cells_), 0);
        if (joins_ && !peaks_) {
            sums_.assign(static_cast<std::size_t>(cells_), 0);
            counts_.assign(static_cast<std::size_t>(cells_), 0);
        }
        const FileAxis& shared = axes_[shared_];
        const Index cells = (shared.count + shared.block - 1) / shared.block;
        parallel_for((cells + together_ - 1) / together_, [&](Index piece) {
            const Index cell = piece * together_;
            std::vector<FileAxis> mine = axes_;
            mine[shared_].begin = shared.begin + cell * shared.block;
            mine[shared_].count = std::min(together_ * shared.block, shared.count - cell * shared.block);
            read_share(mine, cell * shared.out_stride);
        });
        if (joins_) finish();
        return out_;
    }

 private:
    /// Values along a row, or, where peaks are found among halves, these.
    struct RowValues {
        const float* values;
        const unsigned char* halves;
        RowValues from(Index i) const { return {values + i, halves + 2 * i}; }
    };
    /// Rows of halves that become one row of cells: the largest of each column so far, of the values from `at` on.
    struct Column {
        std::vector<std::uint16_t> most;
        Index at = 0, out = -1;
    };
    struct Buffers {
        std::vector<unsigned char> bytes;
        std::vector<float> values;
        Column column;
    };

    /// All runs of a share; `out`: its first cell.
    void read_share(const std::vector<FileAxis>& axes, Index out) {
        Buffers buffers;
        std::vector<Index> at(axes.size(), 0);
        for (;;) {
            Index first = axes[run_].begin * axes[run_].stride, to = out;
            for (std::size_t k = 0; k < run_; ++k) {
                first += (axes[k].begin + at[k]) * axes[k].stride;
                to += at[k] / axes[k].block * axes[k].out_stride;
            }
            read_run(axes, first, to, buffers);
            std::size_t k = run_;
            while (k > 0 && ++at[k - 1] == axes[k - 1].count) at[--k] = 0;
            if (k == 0) break;
        }
        put_column(axes.back(), buffers.column);
    }

    /// One run of the file: the range of axis run_, and the whole extent of each after it.
    void read_run(const std::vector<FileAxis>& axes, Index first, Index out, Buffers& buffers) {
        const std::size_t width = stored_bytes(array_.number), last = axes.size() - 1;
        const Index length = axes[run_].count * axes[run_].stride;
        // Positions within the range of axis run_, in the file for those after it.
        std::vector<Index> at(axes.size(), 0);
        for (Index done = 0; done < length;) {
            const Index some = std::min(piece_values, length - done);
            buffers.bytes.resize(static_cast<std::size_t>(some) * width);
            buffers.values.resize(static_cast<std::size_t>(some));
            bytes_at_(array_.at + static_cast<std::uint64_t>(first + done) * width, buffers.bytes.data(), buffers.bytes.size());
            if (!halves_)
                to_floats(array_.number, array_.big_endian, buffers.bytes.data(), static_cast<std::size_t>(some),
                          buffers.values.data());
            for (Index used = 0; used < some;) {
                const Index row = std::min((last == run_ ? axes[last].count : axes[last].extent) - at[last], some - used);
                put_run_row(axes, at, {buffers.values.data() + used, buffers.bytes.data() + 2 * used}, row, out,
                            buffers.column);
                used += row;
                at[last] += row;
                for (std::size_t k = last; k > run_ && at[k] == axes[k].extent; --k) {
                    at[k] = 0;
                    ++at[k - 1];
                }
            }
            done += some;
        }
    }

    /// What of these values along the fastest axis lies in the part.
    void put_run_row(const std::vector<FileAxis>& axes, const std::vector<Index>& at, RowValues values, Index count, Index out,
                     Column& column) {
        const std::size_t last = axes.size() - 1;
        for (std::size_t k = run_; k < last; ++k) {
            const Index within = at[k] - (k == run_ ? 0 : axes[k].begin);
            if (within < 0 || within >= axes[k].count) return;
            out += within / axes[k].block * axes[k].out_stride;
        }
        const Index before = last == run_ ? 0 : axes[last].begin;
        const Index begin = std::max<Index>(at[last] - before, 0);
        const Index end = std::min(at[last] - before + count, axes[last].count);
        if (begin < end) put_row(axes[last], values.from(begin - (at[last] - before)), begin, end - begin, out, column);
    }

    /// Values along the fastest axis from its position `at` on.
    void put_row(const FileAxis& axis, RowValues row, Index at, Index count, Index out, Column& column) {
        if (!joins_) {
            float* to = out_.data() + out + at * axis.out_stride;
            for (Index i = 0; i < count; ++i) to[i * axis.out_stride] = row.values[i];
            return;
        }
        if (halves_ && are_shares(row.halves, count)) {
            if (column.out == out && column.at == at && static_cast<Index>(column.most.size()) == count)
                return take_larger(row.halves, column.most);
            put_column(axis, column);
            column.most.assign(static_cast<std::size_t>(count), 0);
            take_larger(row.halves, column.most);
            column.at = at;
            column.out = out;
            return;
        }
        for (Index i = 0; i < count;) {
            const Index cell = (at + i) / axis.block, end = std::min(count, (cell + 1) * axis.block - at);
            const Index to = out + cell * axis.out_stride;
            if (halves_)
                put_half_peak(row.from(i).halves, end - i, to);
            else
                peaks_ ? put_peak(row.values + i, end - i, to) : put_sum(row.values + i, end - i, to);
            i = end;
        }
    }

    /// Nothing but finite numbers from 0 on, as weights are: then bits of numbers are in their order.
    static bool are_shares(const unsigned char* halves, Index count) {
        std::uint16_t most = 0;
        for (Index i = 0; i < count; ++i) most = std::max(most, half_bits(halves, i));
        return most < half_infinity;
    }
    static void take_larger(const unsigned char* halves, std::vector<std::uint16_t>& most) {
        std::uint16_t* to = most.data();
        const auto count = static_cast<Index>(most.size());
        for (Index i = 0; i < count; ++i) to[i] = std::max(to[i], half_bits(halves, i));
    }
    static std::uint16_t half_bits(const unsigned char* halves, Index i) {
        std::uint16_t bits;
        std::memcpy(&bits, halves + 2 * i, 2);
        return bits;
    }

    void put_column(const FileAxis& axis, Column& column) {
        if (column.out < 0) return;
        const auto count = static_cast<Index>(column.most.size());
        for (Index i = 0; i < count;) {
            const Index cell = (column.at + i) / axis.block, end = std::min(count, (cell + 1) * axis.block - column.at);
            std::uint16_t most = 0;
            for (; i < end; ++i) most = std::max(most, column.most[static_cast<std::size_t>(i)]);
            float& peak = out_.data()[column.out + cell * axis.out_stride];
            peak = std::max(peak, half_to_float(most));
        }
        column.out = -1;
    }

    void put_half_peak(const unsigned char* halves, Index count, Index to) {
        std::int16_t most = std::numeric_limits<std::int16_t>::min();
        for (Index i = 0; i < count; ++i) {
            std::int16_t bits;
            std::memcpy(&bits, halves + 2 * i, 2);
            most = std::max(most, bits);
        }
        if (most >= 0 && most < half_infinity) {
            out_.data()[to] = std::max(out_.data()[to], half_to_float(static_cast<std::uint16_t>(most)));
            return;
        }
        // Nothing but negative ones, which are in the other order, or some that are no finite numbers.
        float values[64];
        for (Index i = 0; i < count; i += 64) {
            const Index some = std::min<Index>(64, count - i);
            to_floats(StoredNumber::f16, false, halves + 2 * i, static_cast<std::size_t>(some), values);
            put_peak(values, some, to);
        }
    }

    void put_peak(const float* values, Index count, Index to) {
        float most = out_.data()[to];
        for (Index i = 0; i < count; ++i) most = values[i] > most ? values[i] : most;  // NaN is not more than anything
        if (most == out_.data()[to] && seen_[static_cast<std::size_t>(to)] == 0)
            for (Index i = 0; i < count; ++i) seen_[static_cast<std::size_t>(to)] |= values[i] == values[i] ? 1 : 0;
        out_.data()[to] = most;
    }

    void put_sum(const float* values, Index count, Index to) {
        double sum = 0;
        std::uint32_t finite = 0;
        for (Index i = 0; i < count; ++i) {
            if (!std::isfinite(values[i])) continue;
            sum += static_cast<double>(values[i]);
            ++finite;
        }
        sums_[static_cast<std::size_t>(to)] += sum;
        counts_[static_cast<std::size_t>(to)] += finite;
    }

    void finish() {
        constexpr float none = std::numeric_limits<float>::quiet_NaN();
        for (std::size_t i = 0; i < static_cast<std::size_t>(cells_); ++i) {
            float& cell = out_.data()[i];
            if (!peaks_)
                cell = counts_[i] > 0 ? static_cast<float>(sums_[i] / counts_[i]) : none;
            else if (cell == -std::numeric_limits<float>::infinity() && seen_[i] == 0)
                cell = none;
        }
    }

    const FileArray& array_;
    const BytesAt& bytes_at_;
    const bool peaks_;
    bool joins_ = false, halves_ = false;
    std::vector<FileAxis> axes_;
    std::size_t shared_ = 0, run_ = 0;
    Index together_ = 1;
    Index cells_ = 1;
    Tensor<float> out_;
    std::vector<std::uint8_t> seen_;  // peaks: a block that holds more than NaN
    std::vector<double> sums_;        // means
    std::vector<std::uint32_t> counts_;
};

}  // namespace

Tensor<float> read_array_part(const FileArray& array, const ArrayPart& part, const std::string& where,
                              const BytesAt& bytes_at) {
    const std::size_t rank = array.dims.size();
    bool fits = part.along.size() == rank && part.order.size() == rank;
    Index cells = 1;
    for (std::size_t i = 0; fits && i < rank; ++i) {
        const ArrayPart::Along& along = part.along[i];
        fits = along.begin >= 0 && along.count > 0 && along.block > 0 && along.begin <= array.dims[i] - along.count;
        if (fits && cells > most_cells / along.cells())
            throw Error(ErrorCode::out_of_range, fmt::format("{}: more than {} values at once", where, most_cells),
                        "read a smaller part");
        if (fits) cells *= along.cells();
    }
    if (!fits)
        throw Error(ErrorCode::out_of_range, fmt::format("{}: the part lies outside its shape {}", where, array.shape_text()),
                    "read a smaller part");
    return PartReader(array, part, bytes_at).read();
}

}  // namespace saccade
