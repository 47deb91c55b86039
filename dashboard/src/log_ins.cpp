#include "log_ins.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <span>

namespace infra::dashboard {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t longest_token = 64; // of 43 characters

std::string make_token() {
    std::array<std::byte, token_bytes> bytes{};
    random_bytes(bytes);
    return encoding::base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); // NOLINT
}

} // namespace

log_ins::digest log_ins::digest_of(std::string_view token) {
    digest made{};
    unsigned int size = 0;
    if (!EVP_Digest(token.data(), token.size(), made.data(), &size, EVP_sha256(), nullptr))
        throw std::bad_alloc();
    return made;
}

std::vector<log_ins::kept>::const_iterator log_ins::find(const std::vector<kept>& in, std::string_view token,
                                                         steady_time now) noexcept {
    if (token.empty() || token.size() > longest_token)
        return in.end();
    const auto wanted = digest_of(token);
    return std::ranges::find_if(in, [&](const kept& each) {
        return CRYPTO_memcmp(each.of.data(), wanted.data(), wanted.size()) == 0 && now < each.until;
    });
}

std::string log_ins::add(std::vector<kept>& to, std::size_t most, steady_time until) {
    auto token = make_token();
    if (to.size() >= most)
        to.erase(to.begin());
    to.push_back({digest_of(token), until});
    return token;
}

std::string log_ins::make_link(std::chrono::seconds good_for) {
    const std::scoped_lock lock(mutex_);
    return add(links_, most_links, saturating_add(time_.steady(), good_for));
}

std::optional<std::string> log_ins::use_link(std::string_view token) {
    const std::scoped_lock lock(mutex_);
    const auto now = time_.steady();
    const auto found = find(links_, token, now);
    if (found == links_.end())
        return std::nullopt;
    links_.erase(found);
    std::erase_if(sessions_, [now](const kept& each) { return each.until <= now; });
    return add(sessions_, most_sessions, saturating_add(now, session_));
}

bool log_ins::knows(std::string_view session) const {
    const std::scoped_lock lock(mutex_);
    return find(sessions_, session, time_.steady()) != sessions_.end();
}

void log_ins::end(std::string_view session) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = find(sessions_, session, time_.steady()); found != sessions_.end())
        sessions_.erase(found);
}

std::size_t log_ins::sessions() const {
    const std::scoped_lock lock(mutex_);
    return sessions_.size();
}

void wrong_tokens::add(const std::string& address) {
    const std::scoped_lock lock(mutex_);
    const auto now = time_.steady();
    if (clear_at_.size() >= most_addresses && !clear_at_.contains(address))
        std::erase_if(clear_at_, [now](const auto& each) { return each.second <= now; });
    if (clear_at_.size() >= most_addresses && !clear_at_.contains(address))
        clear_at_.erase(std::ranges::min_element(clear_at_, {}, [](const auto& each) { return each.second; }));
    auto& clear = clear_at_.try_emplace(address, now).first->second;
    clear = std::min(std::max(clear, now) + one_is_forgotten, now + most * one_is_forgotten);
}

bool wrong_tokens::too_many(const std::string& address) const {
    const std::scoped_lock lock(mutex_);
    const auto found = clear_at_.find(address);
    return found != clear_at_.end() && found->second > time_.steady() + (most - 1) * one_is_forgotten;
}

} // namespace infra::dashboard
