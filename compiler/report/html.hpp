// What the HTML reports share.
#pragma once

#include <cstdint>
#include <string>

namespace netsuke {

// Text as it may stand between tags and in attributes.
std::string escaped(const std::string& text);
// 12,345
std::string grouped(int64_t n);

constexpr const char* kReportStyle =
    "body{font:14px sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse}"
    "td,th{border-bottom:1px solid #ccc;padding:.3em .8em;text-align:right}"
    "td:first-child,th:first-child,td:nth-child(2),th:nth-child(2),td.text,th.text{text-align:left}tr.chosen{font-weight:bold}"
    "svg{max-width:100%;height:auto}";

}  // namespace netsuke
