#include "deflate.hpp"

#include "frame_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <new>

namespace infra::realtime::websocket {
namespace {

/// What Z_SYNC_FLUSH ends with, and RFC 7692 (7.2.1) leaves out.
constexpr std::string_view flush_mark("\x00\x00\xff\xff", 4);

// A message is compressed once for all who get it, so that size counts for more than time. Measured on JSON: level 6 makes 1 KB 312 bytes in 7
// us, 16 KB 2.8 KB in 90; level 1 is 6 % larger (24 % of 16 KB) in 6 us (35). A smaller hash table, which is cleared for each message, takes
// 300 bytes from 6.6 us to 4.9 and costs no more than half a percent of size.
constexpr int level = 6;
constexpr int raw_window_bits = -15; // raw
constexpr int memory_level = 5;

void must(int result) {
    if (result != Z_OK)
        throw std::bad_alloc();
}

/// One stream of zlib's that is used again and again.
template <int (*End)(z_stream*)>
struct stream : z_stream {
    stream() : z_stream{} {}
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() { End(this); }

    void feed(std::string_view bytes) noexcept {
        next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        avail_in = static_cast<uInt>(bytes.size());
    }
};

struct deflater : stream<deflateEnd> {
    deflater() { must(deflateInit2(this, level, Z_DEFLATED, raw_window_bits, memory_level, Z_DEFAULT_STRATEGY)); }
};
struct inflater : stream<inflateEnd> {
    inflater() { must(inflateInit2(this, raw_window_bits)); }
};

// Not inlined: a coroutine may have moved to another thread since it last was here.
[[gnu::noinline]] deflater& this_threads_deflater() {
    thread_local deflater one;
    must(deflateReset(&one));
    return one;
}
[[gnu::noinline]] inflater& this_threads_inflater() {
    thread_local inflater one;
    must(inflateReset(&one));
    return one;
}

/// One message on its way into a text of at most `most` bytes.
class inflating {
public:
    inflating(std::string& into, std::size_t at_first, std::size_t most)
        : from_(this_threads_inflater()), into_(into), most_(most) {
        into_.resize(std::min(most, at_first));
    }

    inflation feed(std::string_view piece) {
        from_.feed(piece);
        for (;;) {
            from_.next_out = reinterpret_cast<Bytef*>(into_.data() + made_);
            from_.avail_out = static_cast<uInt>(into_.size() - made_);
            const auto result = inflate(&from_, Z_SYNC_FLUSH);
            made_ = into_.size() - from_.avail_out;
            ended_ = result == Z_STREAM_END;
            if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
                return inflation::malformed;
            if (made_ == most_)
                return inflation::too_big;
            if (result == Z_STREAM_END &&
                from_.avail_in > 0) // a block may say it is the last one, and others follow (7.2.3.4)
                must(inflateReset(&from_));
            else if (result == Z_STREAM_END || from_.avail_out > 0)
                return inflation::done;
            else
                into_.resize(std::min(most_, made_ * 2));
        }
    }

    /// After a block that says it is the last one, nothing need follow.
    inflation finish() {
        if (!ended_)
            if (const auto result = feed(flush_mark); result != inflation::done)
                return result;
        into_.resize(made_);
        const bool between_blocks = ended_ || from_.data_type & 128;
        return between_blocks ? inflation::done : inflation::malformed;
    }

private:
    inflater& from_;
    std::string& into_;
    std::size_t most_;
    std::size_t made_ = 0;
    bool ended_ = false;
};

} // namespace

inflation inflate_message(std::string_view deflated, inflation_limits limits, std::string& into) {
    const auto by_ratio = static_cast<std::size_t>(limits.max_ratio * static_cast<double>(deflated.size()));
    const auto allowed = std::min(limits.max_bytes, std::max<std::size_t>(64 * 1024, by_ratio));
    // With room for one byte too many, so that it is seen.
    inflating message(into, std::max<std::size_t>(256, deflated.size() * 4), allowed + 1);
    const auto result = message.feed(deflated);
    return result == inflation::done ? message.finish() : result;
}

std::string make_deflated_frame(std::string_view text) {
    const auto payload = deflate_message(text);
    return payload.size() < text.size() ? make_frame(opcode::text, payload, {.deflated = true}) : std::string();
}

std::string deflate_message(std::string_view text) {
    auto& to = this_threads_deflater();
    std::string made(deflateBound(&to, text.size()) + flush_mark.size() + 8, '\0');
    to.feed(text);
    to.next_out = reinterpret_cast<Bytef*>(made.data());
    to.avail_out = static_cast<uInt>(made.size());
    must(deflate(&to, Z_SYNC_FLUSH));
    made.resize(made.size() - to.avail_out - flush_mark.size());
    return made;
}

} // namespace infra::realtime::websocket
