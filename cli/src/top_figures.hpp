#pragma once

/// Numbers as they are read at a glance, wherever `infra top` shows them. Pure.

#include "top_model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli::top {

/// "–" for what is not known.
inline constexpr std::string_view unknown_text = "–";

std::string count_text(std::optional<double> n);          ///< "12", "4321", "12.3k", "1.2M"
std::string rate_text(std::optional<double> per_second);  ///< "0/s", "0.5/s", "123/s", "12.3k/s"
std::string duration_text(std::optional<double> seconds); ///< "0.4ms", "12ms", "1.2s", "3m 5s"
std::string percent_text(std::optional<double> share);    ///< "0.4%", "93%"
std::string size_text(std::optional<double> bytes);

/// A letter each, as high as its share of the highest; a blank where nothing is known.
std::string curve_text(const std::vector<std::optional<double>>& cells, std::size_t width);

enum class mood { plain, doubt, bad };

/// One number of the overview, under the name that `--json` has for it.
struct figure {
    std::string_view label;
    std::string value;
    mood how = mood::plain;
    std::optional<trend> curve{};
};

/// All of them, in the order in which they are read.
std::vector<figure> figures_of(const picture& shown);

/// What is wrong or should be known, the worst first: empty where nothing is.
struct remark {
    std::string text; ///< safe
    mood how = mood::plain;
};
std::optional<remark> remark_on(const picture& shown, steady_time now);

/// "healthy", "degraded", "unhealthy", "down", "unknown".
std::string state_of(const picture& shown);

/// "shop 1.2", as far as it is known; safe.
std::string name_of(const picture& shown);

} // namespace infra::cli::top
