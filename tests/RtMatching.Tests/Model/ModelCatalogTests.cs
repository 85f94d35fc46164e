using RtMatching.Inference.Model;

namespace RtMatching.Tests.Model;

public sealed class ModelCatalogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-catalog-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Built_in_model_is_listed_first_with_its_shape()
    {
        var model = ModelCatalog.List(_folder.FullName)[0];
        Assert.Equal((BuiltInModel.Name, "safetensors", true, "F16"), (model.Name, model.Format, model.IsBuiltIn, model.TensorTypes));
        Assert.Equal((ModelFamily.Qwen3, 384), (model.Config!.Family, model.Config.Hidden));
        Assert.Null(model.Problem);
        Assert.Equal(new FileInfo(Path.Combine(BuiltInModel.Path, "model.safetensors")).Length, model.Bytes);
    }

    [Fact]
    public void Folder_is_listed_and_broken_models_say_why()
    {
        CopyTiny("tiny");
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "notes"));
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "bert"));
        File.WriteAllText(Path.Combine(_folder.FullName, "bert", "config.json"), """{"model_type":"bert"}""");
        File.WriteAllText(Path.Combine(_folder.FullName, "broken.gguf"), "GGUF");

        var models = ModelCatalog.List(_folder.FullName);

        Assert.Equal(["rt-mini", "bert", "broken", "tiny"], models.Select(m => m.Name));
        Assert.Contains("model_type is 'bert'", models[1].Problem);
        Assert.Contains("ends within version", models[2].Problem);
        Assert.Equal((null, "BF16", ModelFamily.Qwen3), (models[3].Problem, models[3].TensorTypes, models[3].Config?.Family));
    }

    [Fact]
    public void Names_resolve_to_paths()
    {
        CopyTiny("tiny");
        var path = Path.Combine(_folder.FullName, "tiny");
        Assert.Null(ModelCatalog.Resolve(null, _folder.FullName));
        Assert.Null(ModelCatalog.Resolve("rt-mini", _folder.FullName));
        Assert.Equal(path, ModelCatalog.Resolve("tiny", _folder.FullName));
        Assert.Equal(path, ModelCatalog.Resolve(path, _folder.FullName));
        Assert.Equal("absent", ModelCatalog.Resolve("absent", _folder.FullName));
    }

    [Fact]
    public void Missing_folder_is_named()
        => Assert.Contains("/nowhere", Assert.Throws<InvalidModelException>(() => ModelCatalog.List("/nowhere")).Message);

    private void CopyTiny(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, name));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Model", "Golden", "qwen3-tiny")))
            File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
    }
}
