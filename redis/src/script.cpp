#include <infra/redis/script.hpp>

#include "../../base/src/keep_openssl.hpp"

#include <infra/base/encoding.hpp>
#include <infra/redis/command.hpp>

#include <openssl/sha.h>

#include <utility>

namespace infra::redis {
namespace {

std::string sha1_of(std::string_view text) {
    infra::detail::keep_openssl();
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return encoding::hex_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

} // namespace

script::script(std::string text)
    : text_(std::make_shared<const detail::script_text>(detail::script_text{text, sha1_of(text)})) {}

template <class Keys, class Arguments>
command script::make_call(const Keys& keys, const Arguments& arguments) const {
    command made{"EVALSHA", text_->sha1, keys.size()};
    made.add_all(keys).add_all(arguments);
    made.script_ = text_;
    return made;
}

command script::call(std::initializer_list<word> keys, std::initializer_list<word> arguments) const {
    return make_call(keys, arguments);
}

command script::call(std::span<const std::string> keys, std::span<const std::string> arguments) const {
    return make_call(keys, arguments);
}

} // namespace infra::redis
