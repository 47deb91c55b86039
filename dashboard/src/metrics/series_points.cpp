#include "series_points.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace infra::dashboard {
namespace {

// As a whole number, doubled; everything else is 1 and the bits of a double.
constexpr double largest_whole = 1ull << 52;
bool is_whole(double v) noexcept { return v >= 0 && v < largest_whole && std::floor(v) == v && !std::signbit(v); }

} // namespace

void series_points::put_number(std::uint64_t n) {
    for (; n >= 0x80; n >>= 7)
        bytes_ += static_cast<char>(n | 0x80);
    bytes_ += static_cast<char>(n);
}

void series_points::put_amount(double value) {
    if (is_whole(value))
        return put_number(static_cast<std::uint64_t>(value) << 1);
    put_number(1);
    const auto bits = std::bit_cast<std::array<char, sizeof(double)>>(value);
    bytes_.append(bits.data(), bits.size());
}

void series_points::add(const series_point& p) {
    put_number(static_cast<std::uint64_t>(count_ == 0 ? 0 : p.at - last_));
    if (count_ == 0)
        first_ = p.at;
    put_amount(p.value);
    buckets_ = p.observed.size();
    if (buckets_ > 0) {
        put_number(static_cast<std::uint64_t>(std::ranges::count_if(p.observed, [](auto n) { return n > 0; })));
        std::size_t before = 0;
        for (std::size_t i = 0; i < p.observed.size(); ++i)
            if (p.observed[i] > 0) {
                put_number(i - std::exchange(before, i));
                put_number(p.observed[i]);
            }
    }
    last_ = p.at;
    ++count_;
}

std::uint64_t series_points::reader::number() {
    std::uint64_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(of_.bytes_[at_++]);
        n |= std::uint64_t(byte & 0x7F) << shift;
        if (byte < 0x80)
            return n;
    }
}

double series_points::reader::amount() {
    const auto n = number();
    if (n % 2 == 0)
        return static_cast<double>(n >> 1);
    double value = 0;
    std::memcpy(&value, of_.bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
}

bool series_points::reader::next() {
    if (at_ >= of_.bytes_.size())
        return false;
    const auto gap = static_cast<tick>(number());
    if (!std::exchange(first_, false)) // of the first the tick is known; what was before it may be forgotten
        point.at += gap;
    point.value = amount();
    if (of_.buckets_ > 0) {
        observed_.assign(of_.buckets_, 0);
        std::size_t bucket = 0;
        for (auto left = number(); left > 0; --left) {
            bucket += number();
            observed_[bucket] = number();
        }
        point.observed = observed_;
    }
    return true;
}

void series_points::forget_before(tick first) {
    reader in(*this);
    std::size_t begin = begin_, forgotten = 0;
    auto begins = first_;
    for (std::size_t i = 0; i <= count_; ++i) {
        const auto at = in.position();
        const bool there = in.next();
        if (is_gauge_ ? there && in.point.at <= first : !there || in.point.at >= first) {
            begin = at;
            begins = in.point.at;
            forgotten = i;
        }
        if (!there || in.point.at >= first)
            break;
    }
    begin_ = begin;
    first_ = begins;
    count_ -= forgotten;
    compact();
}

void series_points::compact() {
    if (count_ == 0)
        bytes_.clear(), begin_ = 0;
    if (begin_ < 64 || begin_ < bytes_.size() / 2)
        return;
    bytes_.erase(0, begin_);
    begin_ = 0;
    if (bytes_.capacity() > 2 * bytes_.size() + 64)
        bytes_.shrink_to_fit();
}

} // namespace infra::dashboard
