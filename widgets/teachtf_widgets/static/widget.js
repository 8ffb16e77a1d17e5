// The anywidget side: shows the HTML that Python made and sends back the name of the row that was clicked.
function render({ model, el }) {
  const draw = () => {
    el.innerHTML = model.get("content");
    enhance(el.querySelector(".ttf"), (name) => {
      model.set("selected", name);
      model.save_changes();
    });
  };
  draw();
  model.on("change:content", draw);
}
export default { render };
