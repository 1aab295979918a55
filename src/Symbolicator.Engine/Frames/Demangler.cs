using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Frames;

/// <summary>Turns raw names into names for people; null when a name is not mangled or cannot be read.</summary>
public delegate string? Demangler(string name, SourceLanguage language);
