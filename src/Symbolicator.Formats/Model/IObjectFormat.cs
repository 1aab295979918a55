using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Model;

/// <summary>A format: its magic and how to open it. Registered in <see cref="ObjectFormats"/>.</summary>
public interface IObjectFormat
{
    static abstract FileFormat Id { get; }

    /// <summary>Looks at no more than the first <see cref="ObjectFormats.PrefixBytes"/> bytes; never a parse.</summary>
    static abstract bool Matches(ReadOnlySpan<byte> prefix);

    /// <summary>Opens all objects of the file (several for fat files). Takes leases of its own.</summary>
    /// <exception cref="MalformedFileException">The container cannot be read.</exception>
    static abstract IReadOnlyList<IObjectFile> Open(FileBytes file, ParseLimits limits);
}
