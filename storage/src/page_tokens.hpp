#pragma once

/// The tokens of a list's pages, none of which may come twice: a store that sends one back to an earlier page would be asked for ever.

#include <infra/storage/error.hpp>

#include <set>
#include <string>
#include <utility>

namespace infra::storage {

class page_tokens {
public:
    /// The token, where it is a new one. `what` is for the sentence.
    std::string next(std::string token, const std::string& what) {
        if (!token.empty() && !seen_.insert(token).second)
            throw storage_error(infra::errc::unavailable,
                                what + ": the store leads back to a page that it has given already");
        return token;
    }

private:
    std::set<std::string, std::less<>> seen_{};
};

} // namespace infra::storage
