#ifndef TROUPE_BASE_LOG_PIECE_H_
#define TROUPE_BASE_LOG_PIECE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace troupe::internal {

// Text of any library: std::string, either string_view, char arrays.
template <typename T>
concept LogsAsText = std::convertible_to<const T&, std::string_view> || requires(const T& value) {
  { value.data() } -> std::same_as<const char*>;
  { value.size() } -> std::convertible_to<size_t>;
};

template <LogsAsText T>
std::string_view LogText(const T& value) {
  if constexpr (std::convertible_to<const T&, std::string_view>) {
    return value;
  } else {
    return {value.data(), value.size()};
  }
}

// The concepts below find their functions by the value's type alone, so that this header need not
// include the library that defines them.

// absl::Status and handles.
template <typename T>
concept LogsByMember = requires(const T& value) {
  { value.ToString() } -> LogsAsText;
};

// Enumerations, such as all public ones of Troupe.
template <typename T>
concept LogsByFunction = requires(const T& value) {
  { ToString(value) } -> LogsAsText;
};

template <typename T>
concept LogsAsDuration = requires(const T& value) {
  { FormatDuration(value) } -> LogsAsText;
};

template <typename T>
concept LogsAsTime = requires(const T& value) {
  { FormatTime(value) } -> LogsAsText;
};

// absl::Hex and its kin.
template <typename T>
concept LogsByStrCat = requires(const T& value) {
  { StrCat(value) } -> LogsAsText;
};

template <typename T>
concept LogsAsScalar = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_null_pointer_v<T> ||
    (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>);

template <typename T>
concept LogsAsObject = !std::is_array_v<T> && !std::is_scalar_v<T> &&
                       (LogsAsText<T> || LogsByMember<T> || LogsByFunction<T> ||
                        LogsAsDuration<T> || LogsAsTime<T> || LogsByStrCat<T>);

// The types that TROUPE_LOG takes.
template <typename T>
concept Loggable = LogsAsScalar<std::decay_t<const T&>> || LogsAsObject<T>;

void AppendSigned(std::string& line, int64_t value);
void AppendUnsigned(std::string& line, uint64_t value);
void AppendDouble(std::string& line, double value);
void AppendPointer(std::string& line, const void* value);

// One argument of TROUPE_LOG: a number, or a reference to a value that is rendered when the line is
// made.
//
// Lifetime: until the end of the expression that made it.
class LogPiece {
 public:
  // By value, since a constant need not have an address.
  template <typename T>
  requires LogsAsScalar<T> LogPiece(T value) : append_(&AppendScalar<T>) {  // NOLINT: converts.
    if constexpr (std::is_pointer_v<T>) {
      bits_.pointer = value;
    } else if constexpr (std::is_null_pointer_v<T>) {
      bits_.pointer = nullptr;
    } else if constexpr (std::is_floating_point_v<T>) {
      bits_.real = static_cast<double>(value);
    } else {
      bits_.integer = static_cast<uint64_t>(value);
    }
  }

  template <typename T>
  requires LogsAsObject<T> LogPiece(const T& value)  // NOLINT: converts.
      : append_(&AppendObject<T>) {
    bits_.pointer = &value;
  }

  void AppendTo(std::string& line) const { append_(line, bits_); }

 private:
  union Bits {
    uint64_t integer;
    double real;
    const void* pointer;
  };

  template <typename T>
  static void AppendScalar(std::string& line, Bits bits);
  template <typename T>
  static void AppendObject(std::string& line, Bits bits);

  Bits bits_;
  void (*append_)(std::string& line, Bits bits);
};

// Implementation details follow.

template <typename T>
void LogPiece::AppendScalar(std::string& line, Bits bits) {
  if constexpr (std::is_same_v<T, bool>) {
    line += bits.integer != 0 ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    line += static_cast<char>(bits.integer);
  } else if constexpr (std::is_enum_v<T> && LogsByFunction<T>) {
    line += LogText(ToString(static_cast<T>(bits.integer)));
  } else if constexpr (std::is_enum_v<T>) {
    AppendScalar<std::underlying_type_t<T>>(line, bits);
  } else if constexpr (std::is_floating_point_v<T>) {
    AppendDouble(line, bits.real);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>) {
      AppendSigned(line, static_cast<int64_t>(bits.integer));
    } else {
      AppendUnsigned(line, bits.integer);
    }
  } else if constexpr (std::is_convertible_v<T, const char*>) {
    line += bits.pointer != nullptr ? static_cast<const char*>(bits.pointer) : "(null)";
  } else {
    AppendPointer(line, bits.pointer);
  }
}

template <typename T>
void LogPiece::AppendObject(std::string& line, Bits bits) {
  const T& value = *static_cast<const T*>(bits.pointer);
  if constexpr (LogsAsText<T>) {
    line += LogText(value);
  } else if constexpr (LogsByMember<T>) {
    line += LogText(value.ToString());
  } else if constexpr (LogsByFunction<T>) {
    line += LogText(ToString(value));
  } else if constexpr (LogsAsDuration<T>) {
    line += LogText(FormatDuration(value));
  } else if constexpr (LogsAsTime<T>) {
    line += LogText(FormatTime(value));
  } else {
    line += LogText(StrCat(value));
  }
}

}  // namespace troupe::internal

#endif  // TROUPE_BASE_LOG_PIECE_H_
