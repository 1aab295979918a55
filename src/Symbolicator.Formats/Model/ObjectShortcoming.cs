namespace Symbolicator.Formats.Model;

/// <summary>Why a sound file gives less than files of its kind usually do.</summary>
public enum ObjectShortcoming : byte
{
    None,

    /// <summary>A PDB of <c>/DEBUG:FASTLINK</c>: it refers to the object files for lines and private symbols.</summary>
    DebugInfoInObjectFiles,

    /// <summary>A PDB of <c>/PDBSTRIPPED</c>: only public symbols and frame data were kept.</summary>
    PrivateSymbolsRemoved,

    /// <summary>An image of .NET: the symbols of its methods are in a Portable PDB.</summary>
    ManagedCode,
}

/// <summary>Texts of shortcomings.</summary>
public static class ObjectShortcomings
{
    /// <summary>For people; null for none.</summary>
    public static string? Describe(this ObjectShortcoming shortcoming) => shortcoming switch
    {
        ObjectShortcoming.DebugInfoInObjectFiles => "fastlink PDB: lines and private symbols are in the object files",
        ObjectShortcoming.PrivateSymbolsRemoved => "stripped PDB: public symbols only",
        ObjectShortcoming.ManagedCode => "managed image: names of its methods are in a Portable PDB, which is not read yet",
        _ => null,
    };
}
