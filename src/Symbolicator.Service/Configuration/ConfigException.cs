namespace Symbolicator.Service.Configuration;

/// <summary>The configuration cannot be used; the message names the key, the line and what is expected. Holds no value of a key.</summary>
internal sealed class ConfigException(string message) : Exception(message);
